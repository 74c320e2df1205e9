"""A question as it is exported and told of."""

from datetime import UTC, datetime
from typing import Any

from review.browse.rows import BrowsedQuestion, Predicted

AT = datetime(2026, 1, 1, tzinfo=UTC)


def asked(number: int, title: str = "How?", **changes: Any) -> BrowsedQuestion:
    fields: dict[str, Any] = {
        "site": "stats",
        "question_id": number,
        "title": title,
        "link": f"https://stats.example/q/{number}",
        "owner": "=HYPERLINK(evil)",
        "licence": "CC BY-SA 4.0",
        "created_at": AT,
        "author_tags": ("r", "c++"),
        "site_state": "open",
        "states": ("reviewed",),
        "model_version": 3,
        "predicted_at": AT,
        "tags": (Predicted("r", 0.75, suggested=True), Predicted("anova", 0.25, suggested=False)),
        "verdicts": {"r": "accepted", "anova": "rejected", "spss": "disputed", "glm": "added"},
    }
    return BrowsedQuestion(**fields | changes)
