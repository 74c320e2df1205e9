"""Versions that come and go while real workers tag, on both databases."""

import random
import time
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, func, select

from core.broker.queue import enqueue_tagging, make_celery
from core.clock import SystemClock
from core.database.engine import reading
from core.database.tables import ModelVersion, Prediction, TaggingRequest
from core.model import registry
from core.questions.requests import retag
from core.settings import Settings
from tests.models import LABELS, word_bundle
from tests.processes import environment, service, wait_until
from tests.rows import publish_live, question, store_questions

pytestmark = pytest.mark.slow

QUESTIONS = 600
MOVES = 8
A_BATCH = timedelta(seconds=10)  # of 20 questions, on a busy machine


def move(engine: Engine, turn: int) -> None:
    """Promote the newer version or roll it back; have the tagged questions tagged again."""
    now = SystemClock().now()
    with engine.begin() as connection:
        if turn % 2:
            registry.promote(connection, "stats", 2, now=now, reason="hand")
        else:
            registry.rollback(connection, "stats", now=now)
        retag(connection, "stats", "pending", now=now, recent=timedelta(days=1))


def pending(engine: Engine) -> int:
    with reading(engine) as connection:
        return connection.execute(select(func.count(TaggingRequest.question_pk))).scalar_one()


def tagged_while_not_live(engine: Engine) -> list[tuple[int, int]]:
    """(key, version) of predictions made when their version had not been live for a batch."""
    with reading(engine) as connection:
        history = registry.list_promotions(connection, "stats")
        rows = select(Prediction.question_pk, ModelVersion.version, Prediction.predicted_at)
        made = connection.execute(rows.join(ModelVersion)).all()
    return [
        (pk, version)
        for pk, version, at in made
        if not any(
            p.version == version and p.at <= at and (p.until is None or at <= p.until + A_BATCH)
            for p in history
        )
    ]


def test_all_questions_end_with_the_tags_of_the_version_that_is_live_last(
    engine: Engine, redis_url: str, database_url: str, tmp_path: Path
) -> None:
    publish_live(engine, word_bundle(), now=SystemClock().now())
    live = publish_live(engine, word_bundle(data_fingerprint="2"), now=SystemClock().now())
    titles = [f"About {LABELS[number % len(LABELS)]}" for number in range(QUESTIONS)]
    questions = [question(number, title) for number, title in enumerate(titles)]
    stored = store_questions(engine, *questions, now=SystemClock().now())
    app = make_celery(Settings(broker_url=SecretStr(redis_url)))
    for start in range(0, QUESTIONS, 20):
        enqueue_tagging(app, "stats", list(stored.requested[start : start + 20]))
    env = environment(
        database_url=database_url, broker_url=redis_url, data_dir=tmp_path, lease_seconds=5
    )
    moments = random.Random(5)
    with (
        service("scheduler", env=env, log=tmp_path / "log"),
        service("worker", "--concurrency", "2", env=env, log=tmp_path / "log"),
    ):
        wait_until(lambda: pending(engine) < QUESTIONS, seconds=60, what="some tagged")
        for turn in range(MOVES):
            move(engine, turn)
            time.sleep(moments.uniform(0, 1))
        wait_until(lambda: pending(engine) == 0, seconds=180, what="all tagged")
    with reading(engine) as connection:
        by_live = select(func.count()).where(Prediction.model_version_id == live.id)
        assert connection.execute(by_live).scalar() == QUESTIONS
        troubled = select(func.count()).where(
            TaggingRequest.error.is_not(None)
            | (TaggingRequest.attempts > 0)
            | TaggingRequest.parked_at.is_not(None)
        )
        assert connection.execute(troubled).scalar() == 0
    assert tagged_while_not_live(engine) == []
    assert "Traceback" not in (tmp_path / "log").read_text()
