"""What a starting worker fetches beside its own loading."""

import fcntl
import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, update

from core.database.tables import BundlePart, ModelVersion
from core.errors import BundleCorrupt, DatabaseMissing
from core.model.bundle_cache import open_cache
from core.settings import Settings
from tests.conftest import ManualClock, free_port
from tests.models import word_bundle
from tests.processes import environment, service, wait_until
from tests.rows import publish_live, question, store_questions
from worker.loading.prefetch import prefetch, start_prefetch


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(database_url=SecretStr(database_url), data_dir=tmp_path)


@pytest.fixture
def live(engine: Engine, clock: ManualClock) -> Any:
    store_questions(engine, question(1), now=clock.now())
    return publish_live(engine, word_bundle(), now=clock.now())


def refuse(*_: object) -> None:
    raise AssertionError("it is there already")


def entries(settings: Settings) -> list[Path]:
    return [
        path for path in settings.model_cache.rglob("*") if path.is_dir() and len(path.name) > 60
    ]


def test_the_model_of_what_is_pending_is_there_when_it_is_asked_for(
    live: Any, settings: Settings
) -> None:
    start_prefetch(settings).join()
    with open_cache(settings).open(live, refuse) as bundle:
        assert bundle.manifest == word_bundle().manifest
        assert bundle.tflite.read_bytes() == word_bundle().tflite.read_bytes()


@pytest.mark.usefixtures("live")
def test_nothing_is_fetched_twice(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert prefetch(settings) is not None
    monkeypatch.setattr("worker.loading.prefetch.fetch_served", refuse)
    assert prefetch(settings) is not None


def test_nothing_is_fetched_for_a_site_without_a_question(
    engine: Engine, settings: Settings, clock: ManualClock
) -> None:
    publish_live(engine, word_bundle(), now=clock.now())
    assert prefetch(settings) is None
    assert entries(settings) == []


def damage(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(update(BundlePart).values(data=b"P" + bytes(1000)))


def rename(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(update(ModelVersion).values(site="cooking"))


@pytest.mark.parametrize("spoil", [damage, rename])
def test_what_is_not_the_sites_published_bundle_is_left_to_who_needs_it(
    engine: Engine, settings: Settings, clock: ManualClock, spoil: Callable[[Engine], None]
) -> None:
    for site in ("stats", "cooking"):
        store_questions(engine, question(1, site=site), now=clock.now())
    publish_live(engine, word_bundle(), now=clock.now())
    spoil(engine)
    with pytest.raises(BundleCorrupt):
        prefetch(settings)
    start_prefetch(settings).join()
    assert entries(settings) == []


WORKER = """
import os, time
from core.settings import load_settings
from worker.loading.prefetch import start_prefetch
start_prefetch(load_settings())
os.close(1)
time.sleep(60)
"""


@pytest.fixture
def waiting_for_the_cache(live: Any, settings: Settings) -> Iterator[None]:  # noqa: ARG001
    """Whoever fetches the model waits for its lock."""
    folder = open_cache(settings).folder
    folder.mkdir(parents=True, mode=0o700)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.mark.usefixtures("waiting_for_the_cache")
def test_it_ends_with_its_worker_and_keeps_none_of_its_streams_open(
    settings: Settings, tmp_path: Path
) -> None:
    env = environment(database_url=settings.database, data_dir=tmp_path, sites="stats")
    both, inherited = os.pipe()  # open for as long as one of the two processes is there
    with subprocess.Popen(
        [sys.executable, "-c", WORKER], env=env, stdout=subprocess.PIPE, pass_fds=[inherited]
    ) as worker:
        os.close(inherited)
        assert worker.stdout is not None
        assert select.select([worker.stdout], [], [], 20)[0], "it holds its worker's output"
        assert not select.select([both], [], [], 0)[0]
        worker.kill()
        assert select.select([both], [], [], 20)[0], "it outlives its worker"
        os.close(both)


@pytest.mark.slow(3)
@pytest.mark.usefixtures("live")
def test_a_worker_that_waits_for_its_broker_has_its_model_already(
    settings: Settings, tmp_path: Path
) -> None:
    env = environment(
        database_url=settings.database,
        broker_url=f"redis://127.0.0.1:{free_port()}/0",
        data_dir=tmp_path,
        sites="stats",
    )
    with service("worker", "--concurrency", "1", env=env, log=tmp_path / "log"):
        wait_until(lambda: entries(settings) != [], seconds=60, what="the model is there")


def test_no_database_is_made(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "none")
    with pytest.raises(DatabaseMissing):
        prefetch(settings)
    start_prefetch(settings).join()
    assert not settings.data_dir.exists()


def test_the_database_driver_is_loaded_once_for_both_processes() -> None:
    script = """
import sys
from pydantic import SecretStr
from core.settings import Settings
from worker.loading.prefetch import start_prefetch
nowhere = SecretStr("postgresql+psycopg://nobody@127.0.0.1:1/none")
start_prefetch(Settings(database_url=nowhere)).join()
assert "psycopg" in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True)
