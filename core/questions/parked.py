"""Questions that could not be tagged: listing them, and letting them try again."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement

from core.database.tables import Question
from core.questions.lifecycle import lock_in_order


@dataclass(frozen=True, slots=True)
class ParkedQuestion:
    """A parked question and what its last attempt ended with."""

    site: str
    question_id: int
    title: str
    attempts: int
    error: str
    parked_at: datetime


def list_parked(connection: Connection, site: str | None = None) -> list[ParkedQuestion]:
    """Return the parked questions of one site or of all, the latest first."""
    rows = (
        select(
            Question.site,
            Question.question_id,
            Question.title,
            Question.attempts,
            Question.error,
            Question.parked_at,
        )
        .where(Question.parked_at.is_not(None))
        .order_by(Question.parked_at.desc(), Question.id)
    )
    if site is not None:
        rows = rows.where(Question.site == site)
    return [
        ParkedQuestion(site, number, title, attempts, error or "", at)
        for site, number, title, attempts, error, at in connection.execute(rows)
        if at is not None
    ]


def release(connection: Connection, site: str | None = None, question_id: int | None = None) -> int:
    """Let parked questions try again from the start; the next sweep enqueues them.

    Returns:
        How many were released.
    """
    chosen: list[ColumnElement[bool]] = [Question.parked_at.is_not(None)]
    if site is not None:
        chosen.append(Question.site == site)
    if question_id is not None:
        chosen.append(Question.question_id == question_id)
    lock_in_order(connection, *chosen)
    anew = {"parked_at": None, "attempts": 0, "error": None, "enqueued_at": None}
    return connection.execute(update(Question).where(*chosen).values(anew)).rowcount
