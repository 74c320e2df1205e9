"""What a site says of its tags: the excerpts of their wikis, which the poller keeps.

Read are those of the tags that the stored questions have, the most used first, and each of them
again after a month (https://api.stackexchange.com/docs/wikis-by-tags).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import and_, or_, select
from sqlalchemy.engine import Connection

from core.clock import CLOCK_SET_BACK
from core.database.api_tables import TagWiki
from core.database.engine import dialect_insert
from core.database.known_tags import sum_uses

AGAIN_AFTER: Final = timedelta(days=30)
LEAST_USES: Final = 3  # of a tag whose wiki is asked for


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What the site says of a tag.

    Attributes:
        text: plain text, a sentence or two.
        edited_at: when the site's users last changed it, where that is known. UTC.
    """

    text: str
    edited_at: datetime | None = None


def find_due_wikis(
    connection: Connection, site: str, *, now: datetime, limit: int
) -> tuple[str, ...]:
    """Return tags whose wiki is to be asked for: never read ones by their uses, then the oldest."""
    unread = TagWiki.at.is_(None)
    stale = or_(TagWiki.at <= now - AGAIN_AFTER, TagWiki.at > now + CLOCK_SET_BACK)
    used = sum_uses(site).subquery()
    known = and_(TagWiki.site == site, TagWiki.tag == used.c.tag)
    statement = (
        select(used.c.tag)
        .outerjoin(TagWiki, known)
        .where(used.c.uses >= LEAST_USES, or_(unread, stale))
        .order_by(unread.desc(), TagWiki.at, used.c.uses.desc(), used.c.tag)
        .limit(limit)
    )
    return tuple(connection.scalars(statement))


def store_wikis(
    connection: Connection,
    site: str,
    asked: Collection[str],
    excerpts: Mapping[str, Excerpt],
    *,
    now: datetime,
) -> None:
    """Keep what was read of some tags, also that a tag has no wiki; commits nothing.

    Args:
        connection: in a transaction.
        site: its name.
        asked: all tags that were asked for.
        excerpts: by tag, of those that have one.
        now: UTC.
    """
    for tag in sorted(asked):
        found = excerpts.get(tag)
        values = {
            "excerpt": None if found is None else found.text,
            "edited_at": None if found is None else found.edited_at,
            "at": now,
        }
        row = dialect_insert(connection, TagWiki).values(site=site, tag=tag, **values)
        connection.execute(row.on_conflict_do_update(index_elements=["site", "tag"], set_=values))


def read_excerpt(connection: Connection, site: str, tag: str) -> Excerpt | None:
    """What a site says of one of its tags, where that was read."""
    return read_excerpts(connection, site, [tag]).get(tag)


def read_excerpts(connection: Connection, site: str, tags: Collection[str]) -> dict[str, Excerpt]:
    """The same of some tags; those that have none are missing."""
    columns = (TagWiki.tag, TagWiki.excerpt, TagWiki.edited_at)
    rows = select(*columns).where(
        TagWiki.site == site, TagWiki.tag.in_(sorted(tags)), TagWiki.excerpt.is_not(None)
    )
    return {row.tag: Excerpt(row.excerpt, row.edited_at) for row in connection.execute(rows)}
