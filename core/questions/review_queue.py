"""The queue of the review: a narrow row for each question that has a prediction.

A worker enters a question with its prediction; the periodic look scores it
(`core/agreement/label_quality.py`); a new prediction, other author tags or a new synonym of one of
them unset the scores, so that it is scored again. How often it was reviewed, and whether reviewers
disagree, is counted anew from `reviews` and `verdicts` in the transaction that changes them, never
by adding one.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import BigInteger, case, func, literal, or_, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement

from core.database.engine import dialect_insert
from core.database.keys import in_chunks, one_of
from core.database.review_tables import QueuedQuestion, Review, Verdict
from core.database.tables import Question, QuestionTag
from core.questions.lock_order import lock_in_order


def enter_queue(
    connection: Connection,
    pks: Sequence[int],
    *,
    model_version_id: int,
    predicted_at: datetime,
) -> None:
    """Enter questions with their newest prediction; commits nothing. Their rows are locked before.

    A question that is there keeps what people have said of it, and is scored again.
    """
    entered = select(
        Question.id,
        Question.site,
        literal(model_version_id, BigInteger),
        literal(predicted_at, QueuedQuestion.predicted_at.type),
    ).where(one_of(connection, Question.id, pks))
    columns = ["question_pk", "site", "model_version_id", "predicted_at"]
    insert = dialect_insert(connection, QueuedQuestion).from_select(columns, entered)
    newest = {name: insert.excluded[name] for name in ("model_version_id", "predicted_at")}
    statement = insert.on_conflict_do_update(
        index_elements=["question_pk"],
        set_={**newest, "uncertainty": None, "label_quality": None},
        where=or_(
            insert.excluded.predicted_at >= QueuedQuestion.predicted_at,
            # In place of its own older one, though the clock has been set back.
            insert.excluded.model_version_id == QueuedQuestion.model_version_id,
        ),
    )
    connection.execute(statement)
    recount(connection, _decided_on(connection, pks))


def forget_scores(connection: Connection, pks: Sequence[int]) -> None:
    """Let questions be scored again, whose author's tags have changed; commits nothing."""
    for chunk in in_chunks(pks):
        chosen = one_of(connection, QueuedQuestion.question_pk, chunk)
        unset = update(QueuedQuestion).where(chosen, QueuedQuestion.uncertainty.is_not(None))
        connection.execute(unset.values(uncertainty=None, label_quality=None))


def forget_scores_of_tags(connection: Connection, site: str, tags: Collection[str]) -> None:
    """Let questions be scored again that have one of some tags, whose meaning has changed.

    Locks the questions; commits nothing.
    """
    if not tags:
        return
    scored = (
        select(QuestionTag.question_pk)
        .join(QueuedQuestion, QueuedQuestion.question_pk == QuestionTag.question_pk)
        .where(QuestionTag.site == site, QuestionTag.tag.in_(tags))
        .where(QueuedQuestion.uncertainty.is_not(None))
    )
    lock_in_order(connection, Question.id.in_(scored))
    unset = update(QueuedQuestion).where(QueuedQuestion.question_pk.in_(scored))
    connection.execute(unset.values(uncertainty=None, label_quality=None))


def recount(connection: Connection, pks: Sequence[int]) -> None:
    """Count reviews and conflicts of questions anew; commits nothing. They are locked before."""
    for chunk in in_chunks(pks):
        chosen = one_of(connection, QueuedQuestion.question_pk, chunk)
        statement = update(QueuedQuestion).where(chosen)
        connection.execute(statement.values(reviews=count_reviews(), conflicting=has_conflict()))


def _decided_on(connection: Connection, pks: Sequence[int]) -> list[int]:
    """Those of some questions of which a person has said something.

    Asked by their keys: where two EXISTS stand in the update's condition, Postgres reads all that
    has ever been said for each batch.
    """
    said = select(Verdict.question_pk).where(one_of(connection, Verdict.question_pk, pks))
    reviewed = select(Review.question_pk).where(one_of(connection, Review.question_pk, pks))
    return sorted(connection.scalars(said.union(reviewed)))


def count_reviews() -> ColumnElement[int]:
    """How many reviewers have saved the question of a row of the queue."""
    return (
        select(func.count())
        .select_from(Review)
        .where(Review.question_pk == QueuedQuestion.question_pk, Review.outcome == "saved")
        .scalar_subquery()
    )


def has_conflict() -> ColumnElement[bool]:
    """Whether reviewers disagree on a tag of a queued question, and nobody has settled it."""
    against = case((Verdict.verdict == "rejected", 1), else_=0)
    settling = case((Verdict.settles, 1), else_=0)
    disputed = (
        select(Verdict.tag)
        .where(Verdict.question_pk == QueuedQuestion.question_pk)
        .group_by(Verdict.tag)
        .having(
            func.sum(settling) == 0,
            func.sum(against) > 0,
            func.sum(against) < func.count(),
        )
    )
    return disputed.exists()
