"""One question with what every version predicted of it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from core.database.tables import ModelVersion, Prediction, Question, TaggingRequest
from core.errors import UnknownQuestion
from core.questions.suggested import read_blocked_tags
from review.browse.rows import BrowsedQuestion, Predicted, read_rows, read_tags


@dataclass(frozen=True, slots=True)
class VersionPrediction:
    """What one version predicted.

    Attributes:
        version: its number at its site.
        live: whether it is the site's live one.
        predicted_at: UTC.
        is_current: whether it read the text as it stands now.
        tags: the most probable first, without those that are blocked at the site.
    """

    version: int
    live: bool
    predicted_at: datetime
    is_current: bool
    tags: tuple[Predicted, ...]


@dataclass(frozen=True, slots=True)
class WholeQuestion:
    """A question, its text, and all predictions, the newest first.

    Attributes:
        pk: its key.
        body: HTML as the site holds it.
        error: what the last attempt to tag it ended with.
        attempts: at tagging it, since it was asked for.
    """

    pk: int
    question: BrowsedQuestion
    body: str
    error: str | None
    attempts: int
    predictions: tuple[VersionPrediction, ...]


def find_question(connection: Connection, site: str, question_id: int) -> WholeQuestion:
    """Return a question.

    Raises:
        UnknownQuestion: the site has none of this number here.
    """
    columns = select(
        Question.id,
        Question.body,
        Question.content_hash,
        TaggingRequest.error,
        func.coalesce(TaggingRequest.attempts, 0).label("attempts"),
    ).outerjoin(TaggingRequest, TaggingRequest.question_pk == Question.id)
    chosen = columns.where(Question.site == site, Question.question_id == question_id)
    row = connection.execute(chosen).one_or_none()
    if row is None:
        raise UnknownQuestion(f"There is no question {question_id} of {site} here.")
    return WholeQuestion(
        row.id,
        read_rows(connection, [row.id])[0],
        row.body,
        row.error,
        row.attempts,
        _predictions(connection, site, row.id, row.content_hash),
    )


def _predictions(
    connection: Connection, site: str, pk: int, content_hash: str
) -> tuple[VersionPrediction, ...]:
    blocked = read_blocked_tags(connection, site)
    rows = (
        select(
            ModelVersion.id,
            ModelVersion.version,
            ModelVersion.live,
            Prediction.predicted_at,
            Prediction.content_hash,
        )
        .join(ModelVersion, ModelVersion.id == Prediction.model_version_id)
        .where(Prediction.question_pk == pk)
        .order_by(Prediction.predicted_at.desc(), ModelVersion.id.desc())
    )
    return tuple(
        VersionPrediction(
            row.version,
            row.live,
            row.predicted_at,
            row.content_hash == content_hash,
            tuple(
                one
                for one in read_tags(connection, {pk: row.id}).get(pk, ())
                if one.tag not in blocked
            ),
        )
        for row in connection.execute(rows).all()
    )
