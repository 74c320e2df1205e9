"""A model of a real site's size fits into a worker's memory, and a worker that has less says so."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine

from core.broker.queue import enqueue_tagging, make_celery
from core.database.engine import reading
from core.model import registry
from core.model.bundle import PackedBundle
from core.model.packed.members import KERAS
from core.service.killed import killed_statuses
from core.settings import Settings
from tests.memory import Group, family, make_group, memory_mb
from tests.processes import environment, service, wait_until
from tests.rows import predictions, question, store_questions
from tests.worker.running.large_model import large_bundle, pack_versions, write_large_network

pytestmark = pytest.mark.slow(25)

LIMIT_MB = 400
TOO_LITTLE_MB = 180
MOST_PRIVATE_MB = 120
MOST_TOGETHER_MB = 330
RELOADS = 1
BATCHES = 4  # of 100 questions, to each version


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a network of 61 MB, whose bundle has 105; made once for a run of tests."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = shared / "large"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / KERAS).exists():
            write_large_network(folder)
    return folder


@pytest.fixture
def versions(network: Path, tmp_path: Path) -> Iterator[PackedBundle]:
    return pack_versions(large_bundle(network, "stats"), tmp_path, RELOADS + 1)


@contextmanager
def group(limit_mb: int) -> Iterator[Group]:
    found = make_group(limit_mb)
    if found is None:
        pytest.skip("no memory control group can be made here: that takes root, and version 1")
    yield found
    found.remove()


def go_live(engine: Engine, packed: PackedBundle) -> None:
    now = datetime.now(UTC)
    with engine.begin() as connection:
        version, _ = registry.publish(connection, packed, now=now)
        registry.promote(connection, "stats", version.version, now=now, reason="hand")


def request(engine: Engine, broker_url: str, first: int) -> None:
    """Store and enqueue batches of long questions."""
    text = " ".join(f"word{number}" for number in range(400))
    app = make_celery(Settings(broker_url=SecretStr(broker_url)))
    for start in range(first, first + 100 * BATCHES, 100):
        batch = [question(number, text[:60], body=text) for number in range(start, start + 100)]
        stored = store_questions(engine, *batch, now=datetime.now(UTC))
        enqueue_tagging(app, "stats", stored.requested)


def wait_until_tagged(engine: Engine, count: int) -> None:
    def done() -> bool:
        return len(predictions(engine)) >= count

    wait_until(done, seconds=120, what=f"{count} questions are tagged")


def env(url: str, redis_url: str, folder: Path) -> dict[str, str]:
    return environment(database_url=url, broker_url=redis_url, data_dir=folder)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)  # whose driver holds more
def test_two_processes_take_a_model_and_its_successors_within_400_mb(
    engine: Engine, redis_url: str, tmp_path: Path, versions: Iterator[PackedBundle]
) -> None:
    url = engine.url.render_as_string(hide_password=False)
    command = ("worker", "--concurrency", "2")
    log = tmp_path / "worker.log"
    with (
        group(LIMIT_MB) as limited,
        service(*command, env=env(url, redis_url, tmp_path), log=log, group=limited) as worker,
    ):
        for number, packed in enumerate(versions, start=1):
            go_live(engine, packed)
            request(engine, redis_url, number * 10_000)
            wait_until_tagged(engine, number * BATCHES * 100)
        held = [memory_mb(pid) for pid in family(worker.pid)]
        assert limited.kills() == 0
    assert max(private for _, private in held) <= MOST_PRIVATE_MB
    assert sum(proportional for proportional, _ in held) <= MOST_TOGETHER_MB
    assert log.read_text().count("is loaded") == 2 * (RELOADS + 1)


@pytest.mark.chaos
def test_a_process_that_is_killed_for_lack_of_memory_is_told_of(
    sqlite_engine: Engine,
    sqlite_url: str,
    redis_url: str,
    tmp_path: Path,
    versions: Iterator[PackedBundle],
) -> None:
    go_live(sqlite_engine, next(versions))
    request(sqlite_engine, redis_url, 1)
    log = tmp_path / "worker.log"
    command = ("worker", "--concurrency", "2", "--name", "small")
    with (
        group(TOO_LITTLE_MB) as limited,
        service(*command, env=env(sqlite_url, redis_url, tmp_path), log=log, group=limited),
    ):
        wait_until(
            lambda: "questions of stats (keys" in log.read_text(), seconds=60, what="a kill is told"
        )
    line = next(line for line in log.read_text().splitlines() if "was killed" in line)
    assert "A process of the worker small@" in line
    assert "with 100 questions of stats (keys " in line
    assert "most likely for lack of memory" in line
    assert "WORKER_MEMORY" in line
    assert "Traceback" not in log.read_text()
    with reading(sqlite_engine) as connection:
        (killed,) = killed_statuses(connection, now=datetime.now(UTC))
    assert killed.worker.startswith("small@")
