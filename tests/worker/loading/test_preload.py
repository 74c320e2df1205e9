"""What a new process of a worker loads before its first task."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import signals
from pydantic import SecretStr
from sqlalchemy import Engine, update

from core.database.engine import make_engine
from core.database.tables import ModelVersion
from core.model.bundle_cache import BundleCache, open_cache
from core.model.live_models import LiveModels
from core.settings import Settings
from tests.conftest import ManualClock, free_port
from tests.models import word_bundle
from tests.rows import predictions, publish_live, question, store_questions
from worker.app import Tasks, make_app
from worker.loading.prefetch import prefetch
from worker.loading.preload import Preloading


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(
        database_url=SecretStr(database_url),
        broker_url=SecretStr(f"redis://127.0.0.1:{free_port()}/0"),
        data_dir=tmp_path,
    )


@pytest.fixture
def cache(settings: Settings) -> BundleCache:
    return open_cache(settings)


@pytest.fixture
def models(engine: Engine, cache: BundleCache) -> LiveModels:
    return LiveModels(engine, cache, most_bytes=10**9)


def preload(engine: Engine, models: LiveModels, cache: BundleCache) -> None:
    preloading = Preloading()
    preloading.begin(engine, models, cache)
    preloading.wait()


def tasks_of(
    engine: Engine, settings: Settings, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> Tasks:
    """Of a process that uses the test's own engine, whose connections are closed at its end."""
    monkeypatch.setattr("worker.app.make_engine", lambda _: engine)
    return Tasks(make_app(settings), settings, clock)


def pending_of_a_live_model(engine: Engine, clock: ManualClock) -> list[int]:
    publish_live(engine, word_bundle(), now=clock.now())
    return list(store_questions(engine, question(1), now=clock.now()).requested)


def test_the_model_of_what_is_pending_is_loaded(
    engine: Engine, clock: ManualClock, settings: Settings, models: LiveModels, cache: BundleCache
) -> None:
    pending_of_a_live_model(engine, clock)
    prefetch(settings)
    preload(engine, models, cache)
    assert models.get_loaded("stats") is not None


def test_no_model_is_fetched_nor_loaded_that_nothing_waits_for(
    engine: Engine, clock: ManualClock, models: LiveModels, cache: BundleCache
) -> None:
    preload(engine, models, cache)
    publish_live(engine, word_bundle(), now=clock.now())
    preload(engine, models, cache)
    store_questions(engine, question(1), now=clock.now())
    preload(engine, models, cache)  # it is not in the cache yet
    assert models.get_loaded("stats") is None
    assert not cache.folder.exists()


def test_a_process_goes_on_with_what_it_has_preloaded(
    engine: Engine,
    clock: ManualClock,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pks = pending_of_a_live_model(engine, clock)
    prefetch(settings)
    tasks = tasks_of(engine, settings, clock, monkeypatch)
    with caplog.at_level(logging.INFO):
        tasks.preload()
        tasks.tag("stats", pks)
    loaded = [line for line in caplog.messages if line.endswith("is loaded")]
    assert len(loaded) == 1
    assert len(predictions(engine)) == 1


@pytest.fixture
def _as_before() -> Iterator[None]:
    """Celery's signals keep what was connected."""
    used = (signals.worker_process_init, signals.worker_ready)
    before = [list(signal.receivers) for signal in used]
    yield
    for signal, receivers in zip(used, before, strict=True):
        signal.receivers = receivers


@pytest.mark.usefixtures("_as_before")
def test_a_process_in_the_place_of_one_that_died_preloads_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[object] = []
    monkeypatch.setattr(Preloading, "begin", lambda *_: begun.append(1))
    make_app(settings, preloads=True)
    signals.worker_process_init.send(sender=None)
    assert len(begun) == 1
    signals.worker_ready.send(sender=None)
    signals.worker_process_init.send(sender=None)
    assert len(begun) == 1


def test_what_goes_wrong_is_left_to_the_task(
    engine: Engine,
    clock: ManualClock,
    settings: Settings,
    models: LiveModels,
    cache: BundleCache,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    away = make_engine(f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/none")
    preload(away, models, cache)
    pks = pending_of_a_live_model(engine, clock)
    prefetch(settings)
    with engine.begin() as connection:
        connection.execute(update(ModelVersion).values(live=False))
    tasks = tasks_of(engine, settings, clock, monkeypatch)
    tasks.preload()
    tasks.tag("stats", pks)
    assert len([line for line in caplog.messages if "has no live model" in line]) == 1
