import logging
import os
import signal
import subprocess
from datetime import timedelta
from types import SimpleNamespace

import pytest
from billiard.util import get_logger
from celery.exceptions import WorkerLostError
from pydantic import SecretStr
from sqlalchemy import Engine, select

from core.broker.queue import TAG_TASK
from core.database.tables import KilledProcess
from core.questions.lifecycle import Priority, claim, due_sites
from core.settings import Settings
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.processes import wait_until
from tests.rows import publish_live, question, store_questions
from worker.killed import (
    STOPPED_SECONDS,
    KilledProcesses,
    find_batch,
    is_stopped,
    log_killed_processes_once,
    resident_bytes,
)

PID = 4_000_000  # beyond any process's


@pytest.fixture
def killed(sqlite_url: str, clock: ManualClock) -> KilledProcesses:
    return KilledProcesses(Settings(database_url=SecretStr(sqlite_url)), "tagging@here", clock)


def in_hand(monkeypatch: pytest.MonkeyPatch, name: str, *args: object, pid: int = PID) -> None:
    """Let the worker's process have a task in hand."""
    request = SimpleNamespace(worker_pid=pid, name=name, args=args)
    monkeypatch.setattr("worker.killed.active_requests", {1: request}.values())


def due(engine: Engine, clock: ManualClock) -> list[str]:
    lease = timedelta(seconds=Settings().lease_seconds)
    with engine.connect() as connection:
        return due_sites(connection, priority=Priority.LIVE, now=clock.now(), lease=lease)


def test_a_killed_process_is_one_line_and_a_row_and_its_batch_is_free_for_the_next_sweep(
    sqlite_engine: Engine,
    clock: ManualClock,
    killed: KilledProcesses,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    publish_live(sqlite_engine, word_bundle(), now=clock.now())
    stored = store_questions(sqlite_engine, question(1), question(2), now=clock.now())
    in_hand(monkeypatch, TAG_TASK, "stats", list(stored.requested))
    with sqlite_engine.begin() as connection:
        claim(connection, stored.requested, site="stats", now=clock.now())
    killed._held[PID] = 312_000_000
    killed.report(PID, find_batch(PID)).join()
    (line,) = caplog.messages
    assert "of the worker tagging@here was killed with 2 questions of stats (keys 1 to 2)" in line
    assert "for lack of memory: it held 312 MB. Give it more (WORKER_MEMORY" in line
    with sqlite_engine.connect() as connection:
        kept = connection.execute(select(KilledProcess.__table__)).one()
    assert kept[1:] == ("tagging@here", clock.now(), "stats", 2, 312_000_000)
    assert due(sqlite_engine, clock) == []  # at once, the next might be killed for it, too
    clock.sleep(31)
    assert due(sqlite_engine, clock) == ["stats"]


def test_of_an_idle_process_no_batch_is_told(
    sqlite_engine: Engine, killed: KilledProcesses, caplog: pytest.LogCaptureFixture
) -> None:
    killed.report(PID, None).join()
    assert "was killed, most likely for lack of memory. Give" in caplog.messages[0]
    with sqlite_engine.connect() as connection:
        assert connection.execute(select(KilledProcess.questions)).scalars().all() == [0]


def test_without_a_database_the_line_is_told_all_the_same(
    clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    away = Settings(database_url=SecretStr("postgresql://127.0.0.1:1/none"))
    KilledProcesses(away, "tagging@here", clock).report(PID, None).join()
    assert "was killed" in caplog.messages[0]
    assert "not kept for the status" in caplog.messages[1]


def test_what_a_process_holds_is_known_while_it_lives(killed: KilledProcesses) -> None:
    killed.look([os.getpid(), PID])
    assert killed._held.keys() == {os.getpid()}
    assert 10_000_000 < killed._held[os.getpid()] < 10**11
    assert resident_bytes(PID) is None


def test_celery_says_nothing_more_of_it(caplog: pytest.LogCaptureFixture) -> None:
    log_killed_processes_once()
    of_requests = logging.getLogger("celery.worker.request")
    lost = WorkerLostError("signal 9")
    of_requests.error("Task handler raised error: %r", lost, exc_info=lost)
    of_pool = get_logger()
    of_pool.error("Process %r pid:%r exited with %r", "a", 1, "signal 9 (SIGKILL)")
    of_requests.error("something else")
    assert caplog.messages == ["something else"]


def test_a_process_that_stays_stopped_is_ended_in_one_line_and_its_batch_is_free(
    sqlite_engine: Engine,
    clock: ManualClock,
    killed: KilledProcesses,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    publish_live(sqlite_engine, word_bundle(), now=clock.now())
    (pk,) = store_questions(sqlite_engine, question(1), now=clock.now()).requested
    with subprocess.Popen(["sleep", "60"]) as sleeper:
        in_hand(monkeypatch, TAG_TASK, "stats", [pk], pid=sleeper.pid)
        sleeper.send_signal(signal.SIGSTOP)
        wait_until(lambda: is_stopped(sleeper.pid), seconds=10, what="it is stopped")
        for _ in range(2):
            killed.look([sleeper.pid])
            assert sleeper.poll() is None
            clock.sleep(STOPPED_SECONDS - 1)
        killed.look([sleeper.pid])
        assert sleeper.wait(10) == -signal.SIGKILL
    killed.report(sleeper.pid, find_batch(sleeper.pid)).join()
    (line,) = caplog.messages
    assert "has been stopped (SIGSTOP) for 15 s" in line
    clock.sleep(6)
    assert due(sqlite_engine, clock) == ["stats"]
