"""Which tags there are: those that authors chose, how often, and those that a model suggests."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import BigInteger, Select, cast, func, literal, select
from sqlalchemy.engine import Connection

from core.database.known_sites import stored_sites
from core.database.tables import LikelyTag, QuestionTag
from core.database.views import TagUse
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
    sites = list(sites) or list(stored_sites(connection))
    tag = _known_spelling(connection, given, sites)
    if tag is not None:
        return tag
    known = list(dict.fromkeys(known_tags(connection, sites)))
    matches = near_matches(near(given.strip().lower(), known))
    raise UnknownTag(f"No question here has the tag {given[:60]!r}{matches}.")


def spell_tag(connection: Connection, given: str, *, sites: Sequence[str] = ()) -> str:
    """Return a tag as find_tag() does; one that there is not, as it was given."""
    sites = list(sites) or list(stored_sites(connection))
    return _known_spelling(connection, given, sites) or given


def _known_spelling(connection: Connection, given: str, sites: Sequence[str]) -> str | None:
    wanted = given.strip()
    for tag in dict.fromkeys((wanted, wanted.lower(), "-".join(wanted.lower().split()))):
        if tag and _is_known(connection, tag, sites):
            return tag
    return None


def known_tags(connection: Connection, sites: Sequence[str]) -> Iterator[str]:
    """All tags of some sites' authors, and all that models suggest; some come twice."""
    yield from _likely_tags(connection)
    for site in sites:
        yield from count_uses(connection, site)


def count_uses(connection: Connection, site: str) -> dict[str, int]:
    """To how many questions of a site each tag was given by their authors."""
    return dict(connection.execute(sum_uses(site)).all())


def count_uses_of(connection: Connection, site: str, tag: str) -> int:
    """To how many questions of a site a tag was given."""
    uses = select(func.sum(TagUse.uses)).where(TagUse.site == site, TagUse.tag == tag)
    return int(connection.scalar(uses) or 0)


def sum_uses(site: str) -> Select[*tuple[Any, ...]]:
    """A SELECT of a site's tags, and their `uses`; a tag that no question has any more is none.

    The database keeps them, up to date within each transaction: a row a tag, or some where Postgres
    has had several writers at once.
    """
    uses = cast(func.sum(TagUse.uses), BigInteger)
    by_tag = select(TagUse.tag, uses.label("uses")).where(TagUse.site == site)
    return by_tag.group_by(TagUse.tag).having(uses > 0)


def _is_known(connection: Connection, tag: str, sites: Sequence[str]) -> bool:
    likely = select(LikelyTag.tag).where(LikelyTag.tag == tag).limit(1)
    of_authors = select(QuestionTag.tag).where(QuestionTag.site.in_(sites), QuestionTag.tag == tag)
    return any(connection.scalar(rows.limit(1)) is not None for rows in (likely, of_authors))


def _likely_tags(connection: Connection) -> Iterator[str]:
    """What models suggest, each found by one look into an index: many rows have the same."""
    column = LikelyTag.tag
    smallest: Any = select(func.min(column))
    walk = select(smallest.scalar_subquery().label("tag"), literal(1).label("n")).cte(
        recursive=True
    )
    following = smallest.where(column > walk.c.tag).correlate(walk).scalar_subquery()
    further = select(following, walk.c.n + 1).where(walk.c.tag.is_not(None), walk.c.n < _MOST_TAGS)
    walk = walk.union_all(further)
    yield from connection.scalars(select(walk.c.tag).where(walk.c.tag.is_not(None)))
