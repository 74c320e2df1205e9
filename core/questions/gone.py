"""Questions that are on their site no more: they are neither tagged nor offered for review.

A closed question is there still: its tags are read and corrected, so it keeps its request.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, FromClause, delete, select, text, update
from sqlalchemy.engine import Connection

from core.database.keys import one_of
from core.database.tables import IS_GONE, Question, TaggingRequest
from core.questions.lock_order import lock_in_order, lock_requests_in_order

GONE: Final = ("deleted", "migrated")  # states


def is_gone() -> ColumnElement[bool]:
    """Whether a row of `questions` is of a question that is on its site no more."""
    return Question.state.in_(GONE)


def gone_keys() -> FromClause:
    """The keys, `id`, of all questions that are gone, which have an index of their own."""
    # Word for word as the index has it, or SQLite does not know it again.
    return select(Question.id).where(text(f"questions.{IS_GONE}")).subquery()


def clear_requests(
    connection: Connection, gone: Collection[int], *, requested: Collection[int] = ()
) -> None:
    """Delete the tagging requests of questions that are gone, also of parked and claimed ones.

    What a batch that is under way makes of them is dropped, as finish() finds no request.

    Args:
        connection: holds the locks of all of the questions.
        gone: their keys.
        requested: of questions whose requests the caller writes next: they are locked with them,
            in one order.
    """
    if not gone:
        return
    keys = {*gone, *requested}
    lock_requests_in_order(connection, one_of(connection, TaggingRequest.question_pk, keys))
    cleared = one_of(connection, TaggingRequest.question_pk, gone)
    connection.execute(delete(TaggingRequest).where(cleared))


def mark_deleted(
    connection: Connection, *, site: str, question_ids: Collection[int], now: datetime
) -> int:
    """Mark questions that the API no longer gives; return how many were not marked before.

    Their tagging requests are cleared.
    """
    chosen = (Question.site == site, Question.question_id.in_(sorted(question_ids)))
    lock_in_order(connection, *chosen)
    connection.execute(update(Question).where(*chosen).values(checked_at=now, state_told_at=now))
    clear_requests(connection, list(connection.scalars(select(Question.id).where(*chosen))))
    statement = update(Question).where(*chosen, Question.state != "deleted")
    return connection.execute(statement.values(state="deleted", state_at=now)).rowcount
