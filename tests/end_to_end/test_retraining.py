"""Real questions that keep arriving while a scheduler retrains every minute."""

import gzip
import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, func, select

from core.broker.feeding import refill
from core.broker.queue import make_celery
from core.clock import SystemClock
from core.database.engine import make_engine, reading
from core.database.migrate import upgrade
from core.database.tables import ModelVersion, Prediction, Question, TaggingRequest, TrainingRun
from core.model import registry
from core.questions.store import FetchedQuestion
from core.settings import Settings
from tests.processes import environment, service, wait_until
from tests.rows import store_questions

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(3600)]

SITE = "robotics"
NEW = 1000
RETRAININGS = 1
ARRIVALS = 20  # in one page of the feed
A_BATCH = timedelta(seconds=30)  # on a machine that trains at the same time


@pytest.fixture
def engine(postgres_url: str) -> Iterator[Engine]:
    engine = make_engine(postgres_url)
    upgrade(engine)
    yield engine
    engine.dispose()


def read(real_data: Path) -> list[FetchedQuestion]:
    with gzip.open(real_data / f"{SITE}.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = sorted(map(json.loads, lines), key=lambda row: int(row["question_id"]))
    return [
        FetchedQuestion(
            site=SITE,
            question_id=row["question_id"],
            title=row["title"],
            body=row["body"],
            author_tags=tuple(row["tags"]),
            link=row["link"],
        )
        for row in rows
    ]


def made_versions(engine: Engine) -> int:
    with reading(engine) as connection:
        made = select(func.count()).where(TrainingRun.model_version_id.is_not(None))
        return connection.execute(made).scalar_one()


def pending(engine: Engine) -> int:
    with reading(engine) as connection:
        return connection.execute(select(func.count(TaggingRequest.question_pk))).scalar_one()


def undrawn(engine: Engine) -> int:
    """Models whose report is being drawn, which their run does when its row has ended."""
    is_undrawn = TrainingRun.model_version_id.is_not(None) & TrainingRun.report.is_(None)
    with reading(engine) as connection:
        return connection.execute(select(func.count()).where(is_undrawn)).scalar_one()


def test_models_follow_each_other_while_a_thousand_questions_are_tagged(
    engine: Engine, postgres_url: str, redis_url: str, real_data: Path, tmp_path: Path
) -> None:
    questions, clock = read(real_data), SystemClock()
    old, new = questions[:-NEW], questions[-NEW:]
    store_questions(engine, *old, now=clock.now(), request_tagging=False)
    settings = Settings(broker_url=SecretStr(redis_url))
    app = make_celery(settings)
    env = environment(
        database_url=postgres_url,
        broker_url=redis_url,
        data_dir=tmp_path,
        sites=SITE,
        retrain_cron="* * * * *",
        retrain_new_questions=50,
        min_questions=500,
        settle_days=0,
        top_tags=40,
        lease_seconds=20,
    )
    with ExitStack() as stack:
        for name, *command in (
            ("tagging", "worker", "--concurrency", "1"),
            ("training", "worker", "--queues", "training", "--concurrency", "1"),
            ("scheduler", "scheduler"),
        ):
            stack.enter_context(service(*command, env=env, log=tmp_path / name))
        arrived = 0
        for trained in range(RETRAININGS + 1):  # the first model trains by itself
            share = NEW * (trained + 1) // (RETRAININGS + 1)
            while made_versions(engine) <= trained:
                page = new[arrived : min(arrived + ARRIVALS, share)]
                if page:
                    store_questions(engine, *page, now=clock.now())
                    refill(engine, app, settings, clock)
                    arrived += len(page)
                clock.sleep(1)
        store_questions(engine, *new[arrived:], now=clock.now())
        refill(engine, app, settings, clock)
        wait_until(lambda: pending(engine) == 0, seconds=300, what="all tagged")
        wait_until(lambda: undrawn(engine) == 0, seconds=60, what="all reports are drawn")
    assert_every_new_question_is_tagged(engine, new)
    assert_versions_tagged_while_they_were_live(engine)
    assert_every_run_left_its_row_and_report(engine)


def assert_every_new_question_is_tagged(engine: Engine, new: list[FetchedQuestion]) -> None:
    with reading(engine) as connection:
        tagged = select(Question.question_id).join(Prediction).distinct()
        assert set(connection.execute(tagged).scalars()) == {q.question_id for q in new}
        troubled = select(func.count()).where(
            TaggingRequest.error.is_not(None) | TaggingRequest.parked_at.is_not(None)
        )
        assert connection.execute(troubled).scalar() == 0


def assert_versions_tagged_while_they_were_live(engine: Engine) -> None:
    with reading(engine) as connection:
        history = registry.list_promotions(connection, SITE)
        rows = select(ModelVersion.version, Prediction.predicted_at).join(Prediction)
        for version, at in connection.execute(rows):
            assert any(
                p.version == version and p.at <= at and (p.until is None or at <= p.until + A_BATCH)
                for p in history
            ), (version, at)


def assert_every_run_left_its_row_and_report(engine: Engine) -> None:
    with reading(engine) as connection:
        runs = connection.execute(
            select(
                TrainingRun.outcome,
                TrainingRun.decision,
                TrainingRun.error,
                TrainingRun.report.is_not(None).label("has_report"),
            )
            .where(TrainingRun.ended_at.is_not(None))
            .order_by(TrainingRun.id)
        ).all()
    made = [run for run in runs if run.outcome in ("published", "promoted")]
    assert len(made) >= RETRAININGS + 1
    assert made[0].outcome == "promoted"
    assert all(run.decision and run.has_report for run in made)
    # The end of the test may stop one; no other fails.
    assert all(run.error == "stopped" for run in runs if run.outcome == "failed")
    assert all(run.decision for run in runs if run.outcome == "skipped")
