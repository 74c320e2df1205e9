"""What a worker shows of itself."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core.errors import BrokerUnreachable
from core.parts.heartbeat import Heartbeat
from tests.conftest import ManualClock
from worker.vital_signs import DEAF_SECONDS, LOOK_SECONDS, Hearing, vital_signs


class Timer:
    """A worker's timer, turned by the test."""

    def __init__(self) -> None:
        self.look: Callable[[], None] = lambda: None
        self.cancelled = False

    def call_repeatedly(self, seconds: float, look: Callable[[], None]) -> "Timer":
        assert seconds == LOOK_SECONDS
        self.look = look
        return self

    def cancel(self) -> None:
        self.cancelled = True


class CountedSigns:
    """Signs that are counted instead of written."""

    def __init__(self) -> None:
        self.begun = 0
        self.given = 0

    def begin_soon(self) -> None:
        self.begun += 1

    def give(self) -> None:
        self.given += 1


@pytest.fixture
def signs() -> Any:
    return CountedSigns()


class CountedWatchdog:
    """A watchdog that counts what it is fed."""

    def __init__(self) -> None:
        self.fed = 0

    def feed(self) -> None:
        self.fed += 1


@pytest.fixture
def watching() -> Any:
    return {
        "watchdog": CountedWatchdog(),
        "hearing": SimpleNamespace(look=lambda **_: None),
    }


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "heartbeat"


def test_a_workers_loop_beats_and_notes_what_its_processes_hold(
    file: Path, signs: Any, watching: Any
) -> None:
    looked: list[list[int]] = []
    killed: Any = SimpleNamespace(look=looked.append)
    pool = SimpleNamespace(info={"processes": [7, 8]})
    worker = SimpleNamespace(timer=Timer(), pool=pool)
    step = vital_signs(Heartbeat(file), killed, signs, **watching)(worker)
    step.start(worker)
    assert not file.exists()  # a worker that starts has not got on yet
    worker.timer.look()
    assert file.exists()
    assert looked == [[7, 8]]
    assert signs.begun == signs.given == watching["watchdog"].fed == 1
    step.stop(worker)
    assert worker.timer.cancelled


def test_a_step_that_never_started_can_stop(file: Path, signs: Any, watching: Any) -> None:
    worker = SimpleNamespace(timer=Timer())
    killed: Any = SimpleNamespace()
    vital_signs(Heartbeat(file), killed, signs, **watching)(worker).stop(worker)
    assert not worker.timer.cancelled


class Deaf:
    """A worker of whom the test says what it has taken, and what waits for it."""

    def __init__(self, clock: ManualClock) -> None:
        self.waiting, self.received, self.idle = 1, 7, True
        self.ends: list[str] = []
        self.hearing = Hearing(self.ask, end=self.ends.append, monotonic=clock.monotonic)
        self.clock = clock

    def ask(self) -> int:
        if self.waiting < 0:
            raise BrokerUnreachable("away")
        return self.waiting

    def look(self, seconds: float) -> list[str]:
        """Look for so long as the worker's loop does."""
        for _ in range(int(seconds / LOOK_SECONDS)):
            asking = self.hearing.look(received=self.received, idle=self.idle)
            if asking is not None:
                asking.join()
            self.clock.sleep(LOOK_SECONDS)
        return self.ends


def test_an_idle_worker_that_takes_nothing_of_what_waits_ends_itself(clock: ManualClock) -> None:
    deaf = Deaf(clock)
    assert deaf.look(DEAF_SECONDS + LOOK_SECONDS) == []
    assert "this worker took none" in deaf.look(2 * LOOK_SECONDS + 1)[0]


def test_a_worker_that_waited_for_its_broker_meanwhile_has_time_to_take_what_waits(
    clock: ManualClock,
) -> None:
    worker = Deaf(clock)
    worker.look(DEAF_SECONDS)
    clock.sleep(600)
    assert worker.look(DEAF_SECONDS) == []


@pytest.mark.parametrize("state", ["nothing waits", "busy", "takes", "the broker is away"])
def test_a_worker_that_gets_on_or_has_nothing_to_do_stays(clock: ManualClock, state: str) -> None:
    worker = Deaf(clock)
    worker.look(DEAF_SECONDS - LOOK_SECONDS)  # and then
    for _ in range(10):
        if state == "nothing waits":
            worker.waiting = 0
        elif state == "busy":
            worker.idle = False
        elif state == "takes":
            worker.received += 1
        else:
            worker.waiting = -1
        assert worker.look(LOOK_SECONDS) == []
