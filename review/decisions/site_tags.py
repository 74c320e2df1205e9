"""All tags of a site, by how much they are used, for completion while somebody types."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from core.database.known_sites import stored_sites
from core.database.review_tables import Verdict
from core.database.tables import Question, QuestionTag
from core.errors import UnknownSite

FRESH_SECONDS: Final = 600  # that a list is good for
NEWEST: Final = 300  # tags that reviewers have added


@dataclass(frozen=True, slots=True)
class SiteTag:
    """A tag and how many questions here have it from their authors."""

    tag: str
    uses: int


def complete(tags: Sequence[SiteTag], typed: str, *, limit: int) -> list[SiteTag]:
    """Tags that begin with what was typed, then those that hold it, in the order given."""
    wanted = typed.lower()
    found = [tag for tag in tags if tag.tag.lower().startswith(wanted)]
    if len(found) < limit:
        found += [tag for tag in tags if tag.tag.lower().find(wanted) > 0]
    return found[:limit]


def list_tags(connection: Connection, site: str) -> list[SiteTag]:
    """All tags of a site, the most used first: those of authors, and those added here.

    What its model knows besides stands in its manifest.

    Raises:
        UnknownSite: there is no question of the site here.
    """
    require_site(connection, site)
    count = func.count().label("uses")
    counted = select(QuestionTag.tag, count).where(QuestionTag.site == site)
    rows = connection.execute(counted.group_by(QuestionTag.tag))
    uses = {row.tag: int(row.uses) for row in rows}
    added = (
        select(Verdict.tag)
        .join(Question, Question.id == Verdict.question_pk)
        .where(Question.site == site, Verdict.verdict == "added")
        .limit(NEWEST)
    )
    uses |= {tag: 0 for tag in connection.scalars(added) if tag not in uses}
    return [SiteTag(tag, n) for tag, n in sorted(uses.items(), key=lambda one: (-one[1], one[0]))]


def require_site(connection: Connection, site: str) -> None:
    """Raise UnknownSite, with the near ones, where there is no question of a site."""
    found = select(Question.id).where(Question.site == site).limit(1)
    if connection.execute(found).first() is None:
        near = get_close_matches(site, list(stored_sites(connection)))
        matches = f" (near matches: {', '.join(near)})" if near else ""
        raise UnknownSite(f"There are no questions of the site {site} here{matches}.")
