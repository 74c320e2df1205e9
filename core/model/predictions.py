"""Writes predictions of many questions: one statement for each table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.engine import Connection

from core.database.bulk import binder, bound, insert_rows
from core.database.keys import one_of
from core.database.tables import Prediction
from core.model.predictor import RankedTag
from core.model.registry import Version
from core.questions.review_queue import enter_queue
from core.questions.suggested import read_blocked_tags

_COLUMNS = (
    "question_pk",
    "model_version_id",
    "predicted_at",
    "content_hash",
    "tags",
    "probabilities",
    "suggested_count",
    "scored_at",
)


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
    scored = _take_older(connection, pks, version.id)
    blocked = read_blocked_tags(connection, version.site)
    bind = (binder(connection, Prediction, "tags"), binder(connection, Prediction, "probabilities"))
    rows = (_row(item, blocked, *bind) for item in predictions)
    made = (version.id, bound(connection, Prediction, "predicted_at", now))
    insert_rows(
        connection,
        Prediction,
        _COLUMNS,
        ((pk, *made, *row, scored.get(pk)) for pk, row in zip(pks, rows, strict=True)),
    )
    enter_queue(connection, pks, model_version_id=version.id, predicted_at=now)


def _row(
    item: NewPrediction,
    blocked: frozenset[str],
    bind_tags: Callable[[list[str]], Any],
    bind_shares: Callable[[list[float]], Any],
) -> tuple[str, Any, Any, int]:
    """The hash of the text, the tags in the table's order, and how many are suggested."""
    suggested = [one for one in item.tags if one.suggested and one.tag not in blocked]
    others = [one for one in item.tags if not one.suggested or one.tag in blocked]
    ranked = suggested + others
    tags = bind_tags([one.tag for one in ranked])
    return item.content_hash, tags, bind_shares([one.probability for one in ranked]), len(suggested)


def _take_older(connection: Connection, pks: Sequence[int], version_id: int) -> dict[int, Any]:
    """Delete the predictions that the version has made of older texts.

    Returns:
        When each of them was scored, as the driver takes it, by the question's key.
    """
    # Of all versions: with the version in it, Postgres reads all that this one has predicted, for
    # as long as it has not analysed a table that grows.
    predicted = select(Prediction.question_pk, Prediction.model_version_id).where(
        one_of(connection, Prediction.question_pk, pks)
    )
    known = frozenset(pk for pk, by in connection.execute(predicted) if by == version_id)
    if not known:
        return {}
    # Told by the delete, which waits for whoever scores one of them at this moment.
    older = (
        delete(Prediction)
        .where(
            Prediction.model_version_id == version_id,
            one_of(connection, Prediction.question_pk, known),
        )
        .returning(Prediction.question_pk, Prediction.scored_at)
    )
    times = connection.execute(older).all()
    return {pk: bound(connection, Prediction, "scored_at", at) for pk, at in times}
