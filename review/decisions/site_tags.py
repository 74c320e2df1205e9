"""A site's tags: by how much they are used, while somebody types; and those never suggested."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.engine import Connection

from core.database.engine import dialect_insert
from core.database.known_sites import stored_sites
from core.database.known_tags import count_uses
from core.database.review_tables import BlockedTag, Verdict
from core.database.tables import Question
from core.errors import UnknownSite
from core.wording import near, near_matches

FRESH_SECONDS: Final = 600  # that a list is good for
NEWEST: Final = 300  # tags that reviewers have added


@dataclass(frozen=True, slots=True)
class SiteTag:
    """A tag and how many questions here have it from their authors."""

    tag: str
    uses: int


def complete(tags: Sequence[SiteTag], typed: str, *, limit: int) -> list[SiteTag]:
    """The tag that was typed, those that begin with it, then those that hold it, as they are given.

    The first one is taken by Enter: a longer tag that is used more does not come before. Spaces are
    typed for hyphens.
    """
    wanted = "-".join(typed.lower().split())
    found = [tag for tag in tags if tag.tag.lower().startswith(wanted)]
    found.sort(key=lambda tag: tag.tag.lower() != wanted)
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
    uses = count_uses(connection, site)
    added = (
        select(Verdict.tag)
        .where(Verdict.site == site, Verdict.verdict == "added")
        .group_by(Verdict.tag)
        .order_by(func.max(Verdict.at).desc(), Verdict.tag)
        .limit(NEWEST)
    )
    uses |= {tag: 0 for tag in connection.scalars(added) if tag not in uses}
    return [SiteTag(tag, n) for tag, n in sorted(uses.items(), key=lambda one: (-one[1], one[0]))]


def require_site(connection: Connection, site: str) -> None:
    """Raise UnknownSite, with the near ones, where there is no question of a site."""
    found = select(Question.id).where(Question.site == site).limit(1)
    if connection.execute(found).first() is None:
        matches = near_matches(near(site, list(stored_sites(connection))))
        raise UnknownSite(f"There are no questions of the site {site} here{matches}.")


def block_tag(connection: Connection, site: str, tag: str, reviewer: str, *, now: datetime) -> None:
    """Let a tag never be suggested at a site again; commits nothing.

    What is stored stays as it is, and is shown no more (`core/questions/suggested.py`).
    """
    values = {"site": site, "tag": tag, "reviewer": reviewer, "at": now}
    row = dialect_insert(connection, BlockedTag).values(values)
    connection.execute(row.on_conflict_do_nothing())


def unblock_tag(connection: Connection, site: str, tag: str) -> None:
    """Let a tag be suggested again; commits nothing.

    Questions that were tagged while it was blocked lack it until they are tagged again.
    """
    blocked = (BlockedTag.site == site, BlockedTag.tag == tag)
    connection.execute(delete(BlockedTag).where(*blocked))
