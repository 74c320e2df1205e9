"""Which tags there are: those that authors chose, and those that a model suggests."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import func, literal, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql import ColumnElement

from core.database.known_sites import stored_sites
from core.database.tables import LikelyTag, QuestionTag
from core.errors import UnknownTag
from core.wording import near, near_matches

_MOST_TAGS: Final = 100_000  # that are looked through for near ones; Stack Overflow has 65,000


def find_tag(connection: Connection, given: str, *, sites: Sequence[str] = ()) -> str:
    """Return a tag that there is, however a person writes it: in capitals, with spaces.

    Args:
        connection: of the database.
        given: what somebody typed.
        sites: whose authors' tags are known; none for those of all stored sites. What models
            suggest is known of all.

    Raises:
        UnknownTag: no question has it; says which are near.
    """
    wanted = given.strip()
    sites = list(sites) or list(stored_sites(connection))
    for tag in dict.fromkeys((wanted, wanted.lower(), "-".join(wanted.lower().split()))):
        if tag and _is_known(connection, tag, sites):
            return tag
    known = list(dict.fromkeys(known_tags(connection, sites)))
    matches = near_matches(near(wanted.lower(), known))
    raise UnknownTag(f"No question here has the tag {given[:60]!r}{matches}.")


def known_tags(connection: Connection, sites: Sequence[str]) -> Iterator[str]:
    """All tags of some sites' authors, and all that models suggest; some come twice."""
    yield from _distinct(connection, LikelyTag.tag)
    for site in sites:
        yield from _distinct(connection, QuestionTag.tag, QuestionTag.site == site)


def _is_known(connection: Connection, tag: str, sites: Sequence[str]) -> bool:
    likely = select(LikelyTag.tag).where(LikelyTag.tag == tag).limit(1)
    of_authors = select(QuestionTag.tag).where(QuestionTag.site.in_(sites), QuestionTag.tag == tag)
    return any(connection.scalar(rows.limit(1)) is not None for rows in (likely, of_authors))


def _distinct(
    connection: Connection, column: InstrumentedAttribute[str], *conditions: ColumnElement[bool]
) -> Iterator[str]:
    """The values of a column, each found by one look into an index: many rows have the same."""
    smallest: Any = select(func.min(column)).where(*conditions)
    walk = select(smallest.scalar_subquery().label("tag"), literal(1).label("n")).cte(
        recursive=True
    )
    following = smallest.where(column > walk.c.tag).correlate(walk).scalar_subquery()
    further = select(following, walk.c.n + 1).where(walk.c.tag.is_not(None), walk.c.n < _MOST_TAGS)
    walk = walk.union_all(further)
    yield from connection.scalars(select(walk.c.tag).where(walk.c.tag.is_not(None)))
