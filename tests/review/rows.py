"""Rows that tests of the review arrange, and what they read back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.engine import Connection

from core.database.engine import dialect_insert
from core.database.review_tables import QueuedQuestion, Review, Verdict
from core.database.tables import ModelVersion, Question
from core.questions.review_queue import enter_queue
from core.questions.store import store
from tests.rows import insert_prediction, question

VERSION = 1


def predict_rows(
    engine: Engine,
    tags: Mapping[int, Mapping[str, float]],
    *,
    now: datetime,
    titles: Mapping[int, str] | None = None,
    authors: Mapping[int, Sequence[str]] | None = None,
    site: str = "stats",
) -> dict[int, int]:
    """Store questions with a prediction each, in the queue; return their keys by number.

    Tags of a probability of .5 or more are suggested.
    """
    with engine.begin() as connection:
        version = _version(connection, site, now)
        given = [
            question(
                number,
                (titles or {}).get(number, f"Question {number}"),
                site=site,
                author_tags=tuple((authors or {}).get(number, ("regression",))),
                link=f"https://{site}.example/q/{number}",
                created_at=now,
            )
            for number in tags
        ]
        store(connection, given, now=now, request_tagging=False)
        stored = select(Question.question_id, Question.id).where(Question.site == site)
        keys = {row.question_id: row.id for row in connection.execute(stored)}
        _predict(connection, {keys[number]: own for number, own in tags.items()}, version, now)
    return {number: keys[number] for number in tags}


def _version(connection: Connection, site: str, now: datetime) -> int:
    found = connection.execute(select(ModelVersion.id).where(ModelVersion.site == site)).scalar()
    if found is not None:
        return found
    row = {"site": site, "version": VERSION, "created_at": now, "architecture": "simple"}
    added = dialect_insert(connection, ModelVersion).values(
        **row, metrics={}, sha256="0", live=True
    )
    return int(connection.execute(added.returning(ModelVersion.id)).scalar_one())


def _predict(
    connection: Connection, tags: Mapping[int, Mapping[str, float]], version: int, now: datetime
) -> None:
    for pk, probabilities in tags.items():
        suggested = {tag for tag, probability in probabilities.items() if probability >= 0.5}
        insert_prediction(connection, pk, version, probabilities, suggested=suggested, now=now)
    enter_queue(connection, list(tags), model_version_id=version, predicted_at=now)


def all_rows(engine: Engine) -> dict[str, list[Any]]:
    """What stands: verdicts, reviews, and the counts of the queue."""
    tables = {"verdicts": Verdict, "reviews": Review, "queue": QueuedQuestion}
    found: dict[str, list[Any]] = {}
    with engine.connect() as connection:
        for name, table in tables.items():
            columns = table.__table__.c
            key = [column for column in columns if column.primary_key]
            rows = connection.execute(select(*columns).order_by(*key))
            found[name] = [tuple(row) for row in rows]
    return found
