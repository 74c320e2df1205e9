"""Writes predictions of many questions: one statement for each table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.engine import Connection

from core.database.bulk import bound, insert_rows
from core.database.keys import one_of
from core.database.tables import PredictedTag, Prediction, Question
from core.model.predictor import RankedTag
from core.model.registry import Version
from core.questions.review_queue import enter_queue
from core.questions.suggested import read_blocked_tags


@dataclass(frozen=True, slots=True)
class NewPrediction:
    """What is written of a question.

    Attributes:
        pk: the key of its row.
        content_hash: of the text that was read.
        tags: its most probable tags, the most probable first.
    """

    pk: int
    content_hash: str
    tags: list[RankedTag]


def write_predictions(
    connection: Connection,
    predictions: Sequence[NewPrediction],
    *,
    version: Version,
    now: datetime,
) -> None:
    """Write predictions and their tags in place of those that the version made of older texts.

    A prediction that has been scored stays so (`core/agreement/live.py`): no question counts twice.
    The questions enter the queue of the review; a tag that is blocked is not suggested. Their rows
    are locked before: nobody else writes predictions of them meanwhile.
    """
    if not predictions:
        return
    pks = [item.pk for item in predictions]
    known = _renew(connection, pks, version.id, now)
    new = [item for item in predictions if item.pk not in known]
    at = bound(connection, Prediction, "predicted_at", now)
    insert_rows(
        connection,
        Prediction,
        ("question_pk", "model_version_id", "predicted_at", "content_hash"),
        ((item.pk, version.id, at, item.content_hash) for item in new),
    )
    blocked = read_blocked_tags(connection, version.site)
    insert_rows(
        connection,
        PredictedTag,
        ("question_pk", "model_version_id", "tag", "probability", "suggested"),
        (
            (
                item.pk,
                version.id,
                ranked.tag,
                ranked.probability,
                ranked.suggested and ranked.tag not in blocked,
            )
            for item in predictions
            for ranked in item.tags
        ),
    )
    enter_queue(connection, pks, model_version_id=version.id, predicted_at=now)


def _renew(
    connection: Connection, pks: Sequence[int], version_id: int, now: datetime
) -> frozenset[int]:
    """Date the predictions that the version has made already, without their tags.

    Returns:
        The keys of their questions.
    """
    of_version = Prediction.model_version_id == version_id
    # Of all versions: with the version in it, Postgres reads all that this one has predicted, for
    # as long as it has not analysed a table that grows.
    predicted = select(Prediction.question_pk, Prediction.model_version_id).where(
        one_of(connection, Prediction.question_pk, pks)
    )
    known = frozenset(pk for pk, by in connection.execute(predicted) if by == version_id)
    if known:
        of_text = select(Question.content_hash).where(Question.id == Prediction.question_pk)
        renewed = update(Prediction).where(
            of_version, one_of(connection, Prediction.question_pk, known)
        )
        connection.execute(renewed.values(predicted_at=now, content_hash=of_text.scalar_subquery()))
        old = delete(PredictedTag).where(
            PredictedTag.model_version_id == version_id,
            one_of(connection, PredictedTag.question_pk, known),
        )
        connection.execute(old)
    return known
