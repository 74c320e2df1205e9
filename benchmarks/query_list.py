"""What is asked of the database: the README's SQL, `tagger results`, and the review's pages."""

import re
from datetime import UTC, datetime
from pathlib import Path

from arranged.review_rows import SITE

from review.results.find import Filter

_README = Path(__file__).resolve().parents[1] / "README.md"
# As they stand there, named by what is said of each before its first colon or comma.
_SHOWN = re.findall(
    r"^([^:,`\n]+)[^\n]*:\n\n```sql\n(.*?);\n```$", _README.read_text(), re.MULTILINE | re.DOTALL
)

SQL = {f"README: {name.lower()}": query for name, query in _SHOWN} | {
    "SQL: newest of a rare tag": (
        "SELECT title, link, probability FROM suggestions_by_tag "
        "WHERE site = 'stats' AND tag = 't2500' ORDER BY predicted_at DESC LIMIT 100"
    )
}

RESULTS = {
    "": Filter(sites=(SITE,)),
    "--tag, rare": Filter(sites=(SITE,), tags=("t2500",)),
    "--tag, common": Filter(sites=(SITE,), tags=("t0",)),
    "--tag, two at once": Filter(sites=(SITE,), tags=("t0", "t300"), match="all"),
    "--tag, two common at once": Filter(sites=(SITE,), tags=("t0", "t1"), match="all"),
    "--min-probability": Filter(min_probability=0.9),
    "--tag --min-probability": Filter(sites=(SITE,), tags=("t300",), min_probability=0.5),
    "--without-suggestion": Filter(sites=(SITE,), without_suggestion=True),
    "--disagrees": Filter(sites=(SITE,), disagrees=True),
    "--since": Filter(sites=(SITE,), since=datetime(2026, 1, 1, tzinfo=UTC)),
}

PAGES = (
    "/browse?site={site}",
    "/browse?site={site}&tag=t0",
    "/browse?site={site}&tag=t2500",
    "/browse?site={site}&tag=t300&min_probability=0.9",
    "/browse?site={site}&state=suggested",
    "/browse?site={site}&state=reviewed",
    "/browse?site={site}&state=pending",
    "/browse?site={site}&state=disputed",
    "/browse?site={site}&min_probability=0.9",
    "/browse/{site}/777",
    "/tags/{site}/t0",
    "/history",
    "/bulk?site={site}",
    "/models",
    "/feeds/suggested.atom?site={site}",
    "/api/v1/questions?site={site}&limit=100",
    "/api/v1/sites/{site}/tags?prefix=t1",
    "/api/v1/review/progress?site={site}",
)

PREPARE = """
INSERT INTO tagging_requests (question_pk, site, priority, requested_at)
SELECT id, site, CASE WHEN id % 1000 = 0 THEN 0 ELSE 1 END, created_at
FROM questions WHERE id % 10 = 0
"""
