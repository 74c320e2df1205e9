"""The heartbeat of workers and scheduler."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from celery import Celery

from core.heartbeat import Heartbeat
from worker.vital_signs import LOOK_SECONDS, beating_scheduler, vital_signs


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
        self.given = 0

    def give(self) -> None:
        self.given += 1


@pytest.fixture
def signs() -> Any:
    return CountedSigns()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "heartbeat"


def test_a_workers_loop_beats_and_notes_what_its_processes_hold(file: Path, signs: Any) -> None:
    looked: list[list[int]] = []
    killed: Any = SimpleNamespace(look=looked.append)
    pool = SimpleNamespace(info={"processes": [7, 8]})
    worker = SimpleNamespace(timer=Timer(), pool=pool)
    step = vital_signs(Heartbeat(file), killed, signs)(worker)
    step.start(worker)
    assert not file.exists()  # a worker that starts has not got on yet
    worker.timer.look()
    assert file.exists()
    assert looked == [[7, 8]]
    assert signs.given == 1
    step.stop(worker)
    assert worker.timer.cancelled


def test_a_step_that_never_started_can_stop(file: Path, signs: Any) -> None:
    worker = SimpleNamespace(timer=Timer())
    killed: Any = SimpleNamespace()
    vital_signs(Heartbeat(file), killed, signs)(worker).stop(worker)
    assert not worker.timer.cancelled


def test_the_scheduler_beats_at_each_tick_and_sleeps_no_longer_than_a_look(
    file: Path, signs: Any
) -> None:
    app = Celery()
    app.conf.beat_schedule = {"rare": {"task": "none", "schedule": 10_000.0}}
    scheduler = beating_scheduler(Heartbeat(file), signs)(app, lazy=True)
    scheduler.setup_schedule()
    assert scheduler.tick() == LOOK_SECONDS
    assert file.exists()
    assert signs.given == 1
