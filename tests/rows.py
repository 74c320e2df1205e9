"""Rows that tests arrange."""

from datetime import datetime

from sqlalchemy import Engine, select

from core.database.tables import PredictedTag, Prediction, Question
from core.model import registry
from core.model.bundle import Bundle
from core.model.registry import Version
from core.questions.store import FetchedQuestion, Stored, store


def question(number: int, title: str = "About regression", **changes: object) -> FetchedQuestion:
    """A question of the site stats."""
    fields: dict[str, object] = {
        "site": "stats",
        "question_id": number,
        "title": title,
        "body": "<p>How?</p>",
        "author_tags": ("regression",),
    }
    return FetchedQuestion(**(fields | changes))  # type: ignore[arg-type]


def store_questions(
    engine: Engine, *questions: FetchedQuestion, now: datetime, request_tagging: bool = True
) -> Stored:
    with engine.begin() as connection:
        return store(connection, questions, now=now, request_tagging=request_tagging)


def publish_live(engine: Engine, bundle: Bundle, *, now: datetime) -> Version:
    with engine.begin() as connection:
        version = registry.publish(connection, bundle, now=now)
        return registry.promote(connection, version.site, version.version, now=now, reason="hand")


def predictions(engine: Engine) -> list[tuple[int, int]]:
    """(site's question id, version id) of every prediction."""
    rows = (
        select(Question.question_id, Prediction.model_version_id)
        .join(Prediction, Prediction.question_pk == Question.id)
        .order_by(Question.question_id, Prediction.model_version_id)
    )
    with engine.connect() as connection:
        return [(number, version) for number, version in connection.execute(rows)]


def suggested_tags(engine: Engine) -> dict[int, set[str]]:
    """The suggested tags by the site's question id."""
    rows = select(Question.question_id, PredictedTag.tag).join(
        PredictedTag, PredictedTag.question_pk == Question.id
    )
    found: dict[int, set[str]] = {}
    with engine.connect() as connection:
        for number, tag in connection.execute(rows.where(PredictedTag.suggested)):
            found.setdefault(number, set()).add(tag)
    return found


def row(engine: Engine, number: int) -> Question:
    """The row of a question, detached."""
    from sqlalchemy.orm import Session

    with Session(engine) as session:
        found = session.scalars(select(Question).where(Question.question_id == number)).one()
        session.expunge(found)
        return found
