"""Tags that a site has renamed, or merged into others: they are dead, and stand for the others.

The site's own list (https://api.stackexchange.com/docs/tag-synonyms), which the poller keeps. What
is learned of questions that still have a dead tag is learned of the one that it stands for, and
so is measured what a model says of them (`core/agreement/`); a dead tag itself is never suggested,
as one that is blocked (`suggested.py`). Possible synonyms that
co-occurrence tells of (`review/tags/relations.py`) change nothing here.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.engine import Connection

from core.database.api_tables import TagSynonym
from core.database.engine import dialect_insert
from core.database.review_tables import BlockedTag

BY_SITE = "the site's synonyms"  # who has blocked the tag


def store_synonyms(
    connection: Connection, site: str, synonyms: Mapping[str, str], *, now: datetime
) -> None:
    """Keep which tags stand for which others, and block them; commits nothing.

    Where a site turns a synonym round, the tag that was dead lives again.

    Args:
        connection: in a transaction.
        site: its name.
        synonyms: by the dead tag, the one that it stands for.
        now: UTC.
    """
    for tag, other in sorted(synonyms.items()):
        _revive(connection, site, other, tag)
        insert = dialect_insert(connection, TagSynonym)
        values = {"synonym_of": other, "at": now}
        connection.execute(
            insert.values(site=site, tag=tag, **values).on_conflict_do_update(
                index_elements=["site", "tag"], set_=values
            )
        )
        block = dialect_insert(connection, BlockedTag)
        connection.execute(
            block.values(site=site, tag=tag, reviewer=BY_SITE, at=now).on_conflict_do_nothing()
        )


def _revive(connection: Connection, site: str, tag: str, instead_of: str) -> None:
    """Let a tag live again that stood for the one which now stands for it."""
    of_tag = (TagSynonym.site == site, TagSynonym.tag == tag)
    turned = delete(TagSynonym).where(*of_tag, TagSynonym.synonym_of == instead_of)
    if connection.execute(turned).rowcount:
        connection.execute(
            delete(BlockedTag).where(
                BlockedTag.site == site, BlockedTag.tag == tag, BlockedTag.reviewer == BY_SITE
            )
        )


def read_synonyms(connection: Connection, site: str) -> dict[str, str]:
    """By each dead tag of a site the living one that it stands for, however many lie between."""
    rows = select(TagSynonym.tag, TagSynonym.synonym_of).where(TagSynonym.site == site)
    return _resolved({row.tag: row.synonym_of for row in connection.execute(rows)})


def _resolved(synonyms: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for tag in synonyms:
        passed, living = {tag}, synonyms[tag]
        while living in synonyms and living not in passed:
            passed.add(living)
            living = synonyms[living]
        if living not in passed:  # else they stand for each other: nobody knows which is meant
            found[tag] = living
    return found


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
