"""What reviewers say beside their verdicts: notes, and that another is to look too."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement

from core.database.review_tables import Note, QueuedQuestion, Review
from core.database.tables import Question
from core.errors import ReviewConflict
from core.questions.lock_order import lock_in_order


def add_note(connection: Connection, pk: int, reviewer: str, text: str, *, now: datetime) -> None:
    """Add a note to a question, once however often it is sent; commits nothing."""
    lock_in_order(connection, Question.id == pk)
    same = (Note.question_pk == pk, Note.reviewer == reviewer, Note.text == text)
    if connection.execute(select(Note.id).where(*same)).first() is not None:
        return
    values = {"question_pk": pk, "reviewer": reviewer, "at": now, "text": text}
    connection.execute(insert(Note).values(values))


@dataclass(frozen=True, slots=True)
class WantedReviews:
    """How many reviews a question wants, and whether it wanted less before."""

    wanted_reviews: int
    is_new: bool


def ask_second_opinion(connection: Connection, pk: int, reviewer: str) -> WantedReviews:
    """Let one more reviewer than this one and those who have saved it see a question.

    Asking again changes nothing, before somebody has answered. Commits nothing.

    Raises:
        ReviewConflict: the question has no prediction, so it is not in the queue.
    """
    lock_in_order(connection, Question.id == pk)
    wanted = _count_others(connection, pk, reviewer) + 2
    is_new = _want(connection, pk, QueuedQuestion.wanted_reviews < wanted, wanted)
    queued = QueuedQuestion.question_pk == pk
    now_wanted = connection.scalar(select(QueuedQuestion.wanted_reviews).where(queued))
    if now_wanted is None:
        raise ReviewConflict("The question has not been tagged yet, so it is in no queue.")
    return WantedReviews(now_wanted, is_new)


def take_back_second_opinion(connection: Connection, pk: int, reviewer: str) -> None:
    """Let a question want this reviewer's review and those that it has, and no other.

    Who asked is not known: it takes back another one's asking, too, unless that was for more.
    Commits nothing.

    Raises:
        ReviewConflict: none is asked for, or somebody has given it meanwhile.
    """
    lock_in_order(connection, Question.id == pk)
    own = _count_others(connection, pk, reviewer) + 1
    if not _want(connection, pk, QueuedQuestion.wanted_reviews == own + 1, own):
        raise ReviewConflict("No second opinion is asked for, or somebody has given it meanwhile.")


def _count_others(connection: Connection, pk: int, reviewer: str) -> int:
    """How many other reviewers have saved a question."""
    others = select(func.count()).where(
        Review.question_pk == pk, Review.outcome == "saved", Review.reviewer != reviewer
    )
    return connection.scalar(others) or 0


def _want(connection: Connection, pk: int, condition: ColumnElement[bool], wanted: int) -> bool:
    """Let a queued question want so many reviews if a condition holds; return whether it does."""
    change = update(QueuedQuestion).where(QueuedQuestion.question_pk == pk, condition)
    return connection.execute(change.values(wanted_reviews=wanted)).rowcount > 0
