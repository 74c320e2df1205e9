"""Tags that a site has renamed, or merged into others: they are dead, and stand for the others.

The site's own list (https://api.stackexchange.com/docs/tag-synonyms), which the poller keeps. What
is learned of questions that still have a dead tag is learned of the one that it stands for, and
so is measured what a model says of them (`core/agreement/`). A dead tag itself is never suggested,
as one that is blocked (`core/questions/suggested.py`); a model that knows it suggests the living
one in its place. Possible synonyms that co-occurrence tells of (`review/tags/relations.py`) change
nothing here.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement

from core.database.api_tables import TagSynonym
from core.database.engine import dialect_insert
from core.database.review_tables import BlockedTag
from core.questions.review_queue import forget_scores_of_tags
from core.questions.suggested import read_blocked_tags

BY_SITE = "the site's synonyms"  # who has blocked the tag


def store_synonyms(
    connection: Connection, site: str, synonyms: Mapping[str, str], *, now: datetime
) -> None:
    """Keep which tags stand for which others, and block those that are new; commits nothing.

    A tag that is known already is not blocked again: a person may have unblocked it. Where a site
    turns a synonym round, the tag that was dead lives again.

    Args:
        connection: in a transaction.
        site: its name.
        synonyms: by the dead tag, the one that it stands for.
        now: UTC.
    """
    changed = []
    for tag, other in sorted(synonyms.items()):
        changed += _delete(connection, site, TagSynonym.tag == other, TagSynonym.synonym_of == tag)
        if _keep(connection, site, tag, other, now):
            changed.append(tag)
    forget_scores_of_tags(connection, site, changed)


def _keep(connection: Connection, site: str, tag: str, other: str, now: datetime) -> bool:
    """Keep a synonym; whether it is new, or another one than before."""
    known = select(TagSynonym.synonym_of).where(TagSynonym.site == site, TagSynonym.tag == tag)
    is_changed = connection.scalar(known) != other
    values = {"synonym_of": other, "at": now}
    row = dialect_insert(connection, TagSynonym).values(site=site, tag=tag, **values)
    connection.execute(row.on_conflict_do_update(index_elements=["site", "tag"], set_=values))
    if is_changed:
        block = dialect_insert(connection, BlockedTag)
        connection.execute(
            block.values(site=site, tag=tag, reviewer=BY_SITE, at=now).on_conflict_do_nothing()
        )
    return is_changed


def _delete(connection: Connection, site: str, *chosen: ColumnElement[bool]) -> list[str]:
    """Let the tags of some synonyms live again; return them. What a person blocked stays so."""
    deleted = delete(TagSynonym).where(TagSynonym.site == site, *chosen)
    tags = list(connection.scalars(deleted.returning(TagSynonym.tag)))
    by_site = (BlockedTag.site == site, BlockedTag.reviewer == BY_SITE)
    connection.execute(delete(BlockedTag).where(*by_site, BlockedTag.tag.in_(tags)))
    return tags


def drop_synonyms(connection: Connection, site: str, *, read_before: datetime) -> int:
    """Let tags live again whose synonyms were last read before a time; commits nothing.

    Those that a site has removed since, where its whole list was read from that time on.

    Returns:
        How many those are.
    """
    removed = _delete(connection, site, TagSynonym.at < read_before)
    forget_scores_of_tags(connection, site, removed)
    return len(removed)


def find_oldest_reading(connection: Connection, site: str) -> datetime | None:
    """When the synonym of a site was read whose last reading is the longest ago."""
    return connection.scalar(select(func.min(TagSynonym.at)).where(TagSynonym.site == site))


def read_synonyms(connection: Connection, site: str) -> dict[str, str]:
    """By each dead tag of a site the living one that it stands for, however many lie between."""
    rows = select(TagSynonym.tag, TagSynonym.synonym_of).where(TagSynonym.site == site)
    return _resolved({row.tag: row.synonym_of for row in connection.execute(rows)})


def read_replaced(connection: Connection, site: str) -> dict[str, str]:
    """By each dead tag of a site the living one that is suggested in its place.

    One that a person has unblocked is suggested as it is.
    """
    synonyms = read_synonyms(connection, site)
    blocked = read_blocked_tags(connection, site) if synonyms else ()
    return {tag: living for tag, living in synonyms.items() if tag in blocked}


def _resolved(synonyms: Mapping[str, str]) -> dict[str, str]:
    ends: dict[str, str | None] = {}  # by each dead tag; None of those that stand for each other
    for tag in synonyms:
        passed: dict[str, None] = {}
        living = tag
        while living in synonyms and living not in ends and living not in passed:
            passed[living] = None
            living = synonyms[living]
        # Those of a circle stand for each other: nobody knows which is meant.
        end = None if living in passed else ends.get(living, living)
        ends |= dict.fromkeys(passed, end)
    return {tag: end for tag, end in ends.items() if end is not None}


def relabel(tags: Iterable[str], synonyms: Mapping[str, str]) -> tuple[str, ...]:
    """Put living tags in the place of dead ones, each once."""
    return tuple(dict.fromkeys(synonyms.get(tag, tag) for tag in tags))


def relabel_probabilities(
    probabilities: Mapping[str, float], synonyms: Mapping[str, str]
) -> dict[str, float]:
    """Put living tags in the place of dead ones, each with the highest of their probabilities."""
    found: dict[str, float] = {}
    for tag, probability in probabilities.items():
        living = synonyms.get(tag, tag)
        found[living] = max(probability, found.get(living, 0.0))
    return found
