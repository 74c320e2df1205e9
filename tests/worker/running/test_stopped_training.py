"""A worker that trains ends its training when it is told to end, and leaves an account of it."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine
from sqlalchemy import select as select_rows

from core.broker.names import TRAINING_QUEUE
from core.broker.queue import enqueue_training, make_celery, queue_length
from core.database.tables import TrainingRun
from core.settings import Settings
from tests.processes import environment, kill_group, service, wait_until

pytestmark = pytest.mark.slow

WORKER = ("worker", "--queues", "training")
BEGIN_SECONDS = 60
END_SECONDS = 15  # less than the grace that `tagger up` and docker-compose give
LEASHED_PARENT = """
import os, subprocess, sys, time
from core.child_process import leashed
command = [sys.executable, "-m", "tagger", *sys.argv[1:]]
child = subprocess.Popen(command, stdin=subprocess.PIPE, env=leashed(os.environ))
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def env(sqlite_url: str, redis_url: str, tmp_path: Path) -> dict[str, str]:
    return environment(
        database_url=sqlite_url,
        broker_url=redis_url,
        data_dir=tmp_path,
        min_questions=50,
        settle_days=0,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_told_to_stop_ends_its_training(
    trainable: Engine, redis_url: str, env: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    app = make_celery(Settings(broker_url=SecretStr(redis_url)))
    enqueue_training(app, "stats")
    log = tmp_path / "worker"
    with service(*WORKER, env=env, log=log) as worker:
        wait_until(begun(trainable), seconds=BEGIN_SECONDS, what="the training's row")
        enqueue_training(app, "another")  # waits behind it
        with watching(worker.pid) as all_ended:
            worker.send_signal(number)
            wait_until(all_ended, seconds=END_SECONDS, what="worker and training ended")
        worker.wait(1)
    assert_stopped(trainable)
    assert queue_length(app, TRAINING_QUEUE) == 1
    assert "Traceback" not in log.read_text()


def test_a_worker_with_nothing_to_train_ends_well(env: dict[str, str], tmp_path: Path) -> None:
    log = tmp_path / "worker"
    with service(*WORKER, env=env, log=log) as worker:
        wait_until(lambda: "ready" in log.read_text(), seconds=BEGIN_SECONDS, what="ready")
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(END_SECONDS) == 0
    assert "Traceback" not in log.read_text()


@pytest.mark.chaos
def test_a_worker_whose_parent_is_killed_ends_its_training(
    trainable: Engine, redis_url: str, env: dict[str, str]
) -> None:
    enqueue_training(make_celery(Settings(broker_url=SecretStr(redis_url))), "stats")
    with ExitStack() as stack:
        parent = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-c", LEASHED_PARENT, *WORKER],
                env=env,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        )
        stack.callback(kill_group, parent)
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        wait_until(begun(trainable), seconds=BEGIN_SECONDS, what="the training's row")
        with watching(worker) as all_ended:
            parent.send_signal(signal.SIGKILL)
            wait_until(all_ended, seconds=END_SECONDS, what="worker and training ended")
    assert_stopped(trainable)


def begun(engine: Engine) -> Callable[[], bool]:
    def check() -> bool:
        with engine.connect() as connection:
            return connection.execute(select_rows(TrainingRun.id)).first() is not None

    return check


def assert_stopped(engine: Engine) -> None:
    """There was one run, and its row and its report say how it ended."""
    account = select_rows(TrainingRun.outcome, TrainingRun.error, TrainingRun.report)
    with engine.connect() as connection:
        outcome, error, report = connection.execute(account).one()
    assert (outcome, error) == ("failed", "stopped")
    assert report


@contextmanager
def watching(worker: int) -> Iterator[Callable[[], bool]]:
    """Watch a worker that trains; what is given tells whether all of its processes have ended."""
    pids = family(worker)
    assert len(pids) >= len(("worker", "its child", "the training"))
    descriptors = [os.pidfd_open(pid) for pid in pids]
    try:
        yield lambda: len(select.select(descriptors, [], [], 0)[0]) == len(descriptors)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def family(pid: int) -> list[int]:
    """A process, and all that descend from it."""
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    children = [int(child) for each in lists for child in each.read_text().split()]
    return [pid, *(member for child in children for member in family(child))]
