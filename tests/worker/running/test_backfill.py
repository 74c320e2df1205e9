"""Workers that tag many stored questions are always fed, with nobody at the clock."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis
from pydantic import SecretStr
from sqlalchemy import Engine, func, select

from core.broker.feeding import QUEUE_BOUND, refill
from core.broker.names import TAGGING_QUEUE
from core.broker.queue import lengths, make_celery
from core.clock import SystemClock
from core.database.engine import reading
from core.database.tables import Prediction, Question, TaggingRequest
from core.questions.lifecycle import Priority
from core.questions.store import store
from core.settings import Settings
from tests.models import LABELS, word_bundle
from tests.processes import environment, run_tagger, service, wait_until
from tests.rows import publish_live, question, store_questions

pytestmark = pytest.mark.slow

QUESTIONS = 20_000  # more than the queue holds at once


def store_many(engine: Engine, count: int, *, start: int = 0, site: str = "stats") -> None:
    many = [
        question(number, f"About {LABELS[number % len(LABELS)]}", site=site)
        for number in range(start, start + count)
    ]
    store_questions(engine, *many, now=datetime.now(UTC), request_tagging=False)


def pending(engine: Engine) -> int:
    with reading(engine) as connection:
        return connection.execute(select(func.count()).select_from(TaggingRequest)).scalar_one()


def tagged_before_the_last_of(engine: Engine, site: str) -> int:
    of_site = Prediction.question_pk.in_(select(Question.id).where(Question.site == site))
    last = select(func.max(Prediction.predicted_at)).where(of_site).scalar_subquery()
    before = select(func.count()).select_from(Prediction).where(Prediction.predicted_at < last)
    with reading(engine) as connection:
        return connection.execute(before).scalar_one()


def test_all_that_is_asked_for_is_tagged_by_workers_alone_within_the_bound(
    sqlite_engine: Engine, sqlite_url: str, redis_url: str, tmp_path: Path
) -> None:
    publish_live(sqlite_engine, word_bundle(), now=datetime.now(UTC))
    store_many(sqlite_engine, QUESTIONS)
    settings = Settings(broker_url=SecretStr(redis_url))
    app = make_celery(settings)
    most = dict.fromkeys(Priority, 0)

    def none_is_left() -> bool:
        for priority, count in lengths(app, TAGGING_QUEUE).items():
            most[priority] = max(most[priority], count)
        return pending(sqlite_engine) == 0

    env = environment(database_url=sqlite_url, broker_url=redis_url, data_dir=tmp_path)
    asked = run_tagger("tag", "--site", "stats", "--all", env=env)
    assert f"pending now: {QUESTIONS:,}." in asked.stdout
    with sqlite_engine.begin() as connection:  # a small site's, and the live feed's
        late = [question(number, "About anova", site="ai") for number in range(50)]
        store(connection, late, now=datetime.now(UTC), request_tagging=True)
    publish_live(sqlite_engine, word_bundle("ai"), now=datetime.now(UTC))
    refill(sqlite_engine, app, settings, SystemClock())
    none_is_left()
    with service("worker", "--concurrency", "2", env=env, log=tmp_path / "log"):
        wait_until(none_is_left, seconds=180, what="all are")
    # Of those asked for before them, the other process may have tagged some in the meantime.
    assert tagged_before_the_last_of(sqlite_engine, "ai") < QUESTIONS / 2
    assert most[Priority.BACKFILL] == QUEUE_BOUND
    assert most[Priority.LIVE] <= QUEUE_BOUND
    assert "Traceback" not in (tmp_path / "log").read_text()


@pytest.mark.chaos
def test_what_an_emptied_redis_loses_is_tagged_after_its_lease(
    sqlite_engine: Engine, sqlite_url: str, redis_url: str, tmp_path: Path
) -> None:
    publish_live(sqlite_engine, word_bundle(), now=datetime.now(UTC))
    store_many(sqlite_engine, 5_000)
    env = environment(
        database_url=sqlite_url, broker_url=redis_url, data_dir=tmp_path, lease_seconds=5
    )
    run_tagger("tag", "--site", "stats", "--all", env=env)
    with (
        service("worker", "--concurrency", "1", env=env, log=tmp_path / "log"),
        service("scheduler", env=env, log=tmp_path / "log"),
        redis.Redis.from_url(redis_url) as broker,
    ):
        wait_until(lambda: pending(sqlite_engine) < 5_000, seconds=60, what="some are tagged")
        broker.flushall()
        wait_until(lambda: pending(sqlite_engine) == 0, seconds=120, what="all are")
