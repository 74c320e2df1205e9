"""What reviewers say beside their verdicts: notes, and that another is to look too."""

from datetime import datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import Connection

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


def ask_second_opinion(connection: Connection, pk: int, reviewer: str) -> int:
    """Let one more reviewer than this one and those who have saved it see a question.

    Asking again changes nothing, before somebody has answered. Commits nothing.

    Returns:
        How many reviews the question now wants.

    Raises:
        ReviewConflict: the question has no prediction, so it is not in the queue.
    """
    lock_in_order(connection, Question.id == pk)
    others = select(func.count()).where(
        Review.question_pk == pk, Review.outcome == "saved", Review.reviewer != reviewer
    )
    wanted = (connection.scalar(others) or 0) + 2
    queued = QueuedQuestion.question_pk == pk
    connection.execute(
        update(QueuedQuestion)
        .where(queued, QueuedQuestion.wanted_reviews < wanted)
        .values(wanted_reviews=wanted)
    )
    now_wanted = connection.scalar(select(QueuedQuestion.wanted_reviews).where(queued))
    if now_wanted is None:
        raise ReviewConflict("The question has not been tagged yet, so it is in no queue.")
    return now_wanted
