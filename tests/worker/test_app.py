"""The worker's tasks: what stands in their way is one line that says what to do."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
import redis
from pydantic import SecretStr
from sqlalchemy import Engine, select, update

import tagger
from core.broker.names import TAGGING_QUEUE, TRAINING_QUEUE
from core.broker.queue import enqueue_training, queue_length
from core.clock import Clock, SystemClock
from core.database.tables import BundlePart, ModelVersion
from core.settings import Settings
from tests.conftest import ManualClock, free_port
from tests.models import word_bundle
from tests.rows import (
    find_request,
    predictions,
    publish_live,
    question,
    request_of,
    store_questions,
)
from worker.app import (
    RETRAIN_TASK,
    SCORE_QUEUE_TASK,
    SCORE_TASK,
    Tasks,
    make_app,
)
from worker.schedule import beat_schedule

assert tagger.HINTS  # a worker's command line fills them


def tasks_of(
    database: str, folder: Path, broker: str = "", *, clock: Clock | None = None, **settings: Any
) -> Tasks:
    chosen = Settings(
        database_url=SecretStr(database),
        broker_url=SecretStr(broker or f"redis://127.0.0.1:{free_port()}/0"),
        data_dir=folder,
        **settings,
    )
    return Tasks(make_app(chosen), chosen, clock or SystemClock())


def requested(engine: Engine, clock: ManualClock, *numbers: int) -> Sequence[int]:
    return store_questions(engine, *map(question, numbers), now=clock.now()).requested


def test_a_batch_is_tagged_and_told_in_one_line(
    sqlite_engine: Engine,
    sqlite_url: str,
    redis_url: str,
    clock: ManualClock,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    version = publish_live(sqlite_engine, word_bundle(), now=clock.now())
    caplog.set_level("INFO", "worker.app")
    pks = requested(sqlite_engine, clock, 1, 2)
    tasks_of(sqlite_url, tmp_path, redis_url).tag("stats", list(pks))
    assert predictions(sqlite_engine) == [(1, version.id), (2, version.id)]
    assert [line for line in caplog.messages if line.startswith("stats: 2 ")]


def test_whoever_ends_a_batch_enqueues_what_is_pending(
    sqlite_engine: Engine, sqlite_url: str, redis_url: str, clock: ManualClock, tmp_path: Path
) -> None:
    publish_live(sqlite_engine, word_bundle(), now=clock.now())
    pks = requested(sqlite_engine, clock, 1, 2)
    tasks = tasks_of(sqlite_url, tmp_path, redis_url)
    tasks.tag("stats", [pks[0]])
    assert queue_length(tasks._app, TAGGING_QUEUE) == 1
    tasks.tag("stats", [pks[1]])
    assert len(predictions(sqlite_engine)) == 2
    assert queue_length(tasks._app, TAGGING_QUEUE) == 1


def test_without_a_model_a_batch_waits_and_the_line_says_how_to_train_one(
    sqlite_engine: Engine,
    sqlite_url: str,
    clock: ManualClock,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    pks = requested(sqlite_engine, clock, 1)
    tasks_of(sqlite_url, tmp_path).tag("stats", list(pks))
    (line,) = caplog.messages
    assert line.endswith("Train one with: tagger train --site stats")
    assert request_of(sqlite_engine, 1).attempts == 0


def test_that_there_is_no_model_is_told_once_until_there_was_one(
    sqlite_engine: Engine,
    sqlite_url: str,
    redis_url: str,
    clock: ManualClock,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    tasks = tasks_of(sqlite_url, tmp_path, redis_url)
    pks = list(requested(sqlite_engine, clock, 1, 2))
    for _ in range(3):
        tasks.tag("stats", pks[:1])
    assert [line for line in caplog.messages if "no live model" in line] == caplog.messages
    assert len(caplog.messages) == 1
    publish_live(sqlite_engine, word_bundle(), now=clock.now())
    tasks.tag("stats", pks[:1])
    with sqlite_engine.begin() as connection:
        connection.execute(update(ModelVersion).values(live=False))
    for _ in range(2):
        tasks.tag("stats", pks[1:])
    assert len([line for line in caplog.messages if "no live model" in line]) == 2


def test_a_folder_that_takes_no_models_is_told_once_until_it_does(
    sqlite_engine: Engine,
    sqlite_url: str,
    redis_url: str,
    clock: ManualClock,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    publish_live(sqlite_engine, word_bundle(), now=clock.now())
    in_the_way = tmp_path / "models"
    in_the_way.write_text("no folder")
    tasks = tasks_of(sqlite_url, tmp_path, redis_url)
    pks = list(requested(sqlite_engine, clock, 1, 2))
    for _ in range(3):
        tasks.tag("stats", pks)
    (line,) = caplog.messages
    assert "Set TAGGER_MODEL_CACHE_DIR to one that can" in line
    in_the_way.unlink()
    tasks.tag("stats", pks)
    assert len(predictions(sqlite_engine)) == 2


def test_a_model_that_cannot_be_used_is_tried_once_a_sweep_whoever_ends_other_batches(
    sqlite_engine: Engine, sqlite_url: str, redis_url: str, clock: ManualClock, tmp_path: Path
) -> None:
    publish_live(sqlite_engine, word_bundle(), now=clock.now())
    (pk,) = requested(sqlite_engine, clock, 1)
    publish_live(sqlite_engine, word_bundle("ai"), now=clock.now())
    broken = update(BundlePart).where(
        BundlePart.model_version_id
        == select(ModelVersion.id).where(ModelVersion.site == "stats").scalar_subquery()
    )
    with sqlite_engine.begin() as connection:
        connection.execute(broken.values(data=b"no bundle"))
    tasks = tasks_of(sqlite_url, tmp_path, redis_url, clock=clock)
    tasks.tag("stats", [pk])
    for number in range(3):
        (other,) = store_questions(
            sqlite_engine, question(number, site="ai"), now=clock.now()
        ).requested
        tasks.tag("ai", [other])  # and enqueues what is pending
    assert queue_length(tasks._app, TAGGING_QUEUE) == 0
    clock.sleep(31)
    tasks.sweep()
    assert queue_length(tasks._app, TAGGING_QUEUE) == 1


def test_a_database_that_is_away_is_one_line(
    clock: ManualClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"postgresql+psycopg://u:hush@127.0.0.1:{free_port()}/none"
    tasks = tasks_of(url, tmp_path, clock=clock)
    tasks.tag("stats", [1, 2])
    tasks.score()
    tasks.score_queue()
    tagging, *scoring = caplog.messages
    assert tagging.startswith("2 questions of stats left waiting: ")
    assert "TAGGER_DATABASE_URL" in tagging
    assert scoring == []  # once for an outage
    assert "hush" not in caplog.text
    assert "Traceback" not in caplog.text


@pytest.mark.slow
def test_a_broker_that_is_away_is_one_line_and_the_next_sweep_enqueues_again(
    sqlite_engine: Engine, sqlite_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    long_ago = ManualClock()
    requested(sqlite_engine, long_ago, 1)
    publish_live(sqlite_engine, word_bundle(), now=long_ago.now())
    tasks_of(sqlite_url, tmp_path).sweep()
    (line,) = caplog.messages
    assert line.endswith("(tagger up brings its own.)")
    assert find_request(sqlite_engine, 1) is not None


def test_the_schedule_asks_for_training_of_all_sites_that_are_set_or_have_a_model(
    sqlite_engine: Engine, sqlite_url: str, redis_url: str, clock: ManualClock, tmp_path: Path
) -> None:
    publish_live(sqlite_engine, word_bundle(), now=clock.now())
    tasks_of(sqlite_url, tmp_path, redis_url, sites=("cooking",)).retrain()
    with redis.Redis.from_url(redis_url) as broker:
        waiting = b" ".join(cast("list[bytes]", broker.lrange(TRAINING_QUEUE, 0, -1)))
    assert waiting.count(b'"argsrepr"') == 2
    assert b"cooking" in waiting
    assert b"stats" in waiting


def test_a_trainer_that_is_busy_is_asked_for_nothing_more(
    sqlite_engine: Engine,
    redis_url: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings = Settings(
        database_url=SecretStr(sqlite_engine.url.render_as_string(hide_password=False)),
        broker_url=SecretStr(redis_url),
        data_dir=tmp_path,
    )
    app = make_app(settings)
    enqueue_training(app, "stats")
    Tasks(app, settings, SystemClock()).retrain()
    assert queue_length(app, TRAINING_QUEUE) == 1
    assert "the trainer is busy or away" in caplog.text


@pytest.mark.parametrize("name", ["score", "score queue"])
def test_the_schedule_scores_and_a_message_that_nobody_takes_for_long_is_void(name: str) -> None:
    entry = beat_schedule(Settings())[name]
    assert entry["task"] in (SCORE_TASK, SCORE_QUEUE_TASK)
    assert entry["options"]["queue"] == "tagging"  # type: ignore[index]
    assert entry["options"]["expires"] <= 900  # type: ignore[index]


def test_the_schedule_deletes_old_predictions_where_a_setting_says_so() -> None:
    on, off = (beat_schedule(Settings(keep_predictions_days=days)) for days in (30, None))
    assert on.keys() - off.keys() == {"prune"}


def test_retraining_can_be_switched_off() -> None:
    on, off = (beat_schedule(Settings(retrain_cron=cron)) for cron in ("0 3 * * *", "off"))
    assert on["retrain"]["task"] == RETRAIN_TASK
    assert on.keys() - off.keys() == {"retrain", "grown sites"}


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize(
    "day", [datetime(2026, 3, 28, 2, 30, tzinfo=UTC), datetime(2026, 10, 24, 2, 30, tzinfo=UTC)]
)
def test_the_cron_is_that_of_utc_whatever_the_clock_of_the_machine_does_that_night(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, zone: str, day: datetime
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        settings = Settings(data_dir=tmp_path, retrain_cron="30 2 * * *")
        app = make_app(settings)
        app.conf.beat_schedule = beat_schedule(settings)
        schedule = app.conf.beat_schedule["retrain"]["schedule"]
        start, wait, _ = schedule.remaining_delta(day)
        assert start + wait == day + timedelta(days=1)
    finally:
        monkeypatch.undo()
        time.tzset()
