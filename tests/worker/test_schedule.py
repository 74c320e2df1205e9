"""The scheduler, over a transport in memory and clocks that the test sets."""

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from celery import Celery
from celery.beat import SchedulingError
from celery.schedules import crontab
from pydantic import SecretStr
from sqlalchemy import Engine, select

from core.database.engine import reading
from core.database.tables import LastSign
from core.parts.heartbeat import Heartbeat
from core.parts.signs import TOLD_TO_STOP
from core.settings import Settings
from worker import schedule
from worker.schedule import LOOK_SECONDS, Every, beat_schedule, beating_scheduler, run_scheduler


class Clocks:
    """Both clocks of a machine."""

    def __init__(self) -> None:
        self.wall = 1_800_000_000.0
        self.steady = 1000.0

    def time(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.steady

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds


class Counted:
    """Signs and a watchdog, counted."""

    def __init__(self) -> None:
        self.given = self.fed = 0
        self.waits: list[str | None] = []

    def give(self, *, waits_for: str | None = None) -> None:
        self.given += 1
        self.waits.append(waits_for)

    def feed(self) -> None:
        self.fed += 1


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    clocks = Clocks()
    monkeypatch.setattr(schedule, "time", clocks)
    return clocks


def scheduler_of(
    entries: dict[str, dict[str, object]], heartbeat: Path | None = None
) -> tuple[Any, list[str], Counted]:
    """A scheduler, the names of what it sends, and what it feeds."""
    app = Celery()
    app.conf.beat_schedule = entries
    counted: Any = Counted()
    beating = beating_scheduler(Heartbeat(heartbeat), counted, counted)(app, lazy=True)
    sent: list[str] = []
    beating.producer = None
    beating.apply_async = lambda entry, **_: sent.append(entry.name)
    beating.setup_schedule()
    return beating, sent, counted


def run(beating: Any, clocks: Clocks, seconds: float) -> None:
    for _ in range(int(seconds)):
        for _ in range(20):
            if beating.tick() > 0:
                break
        clocks.pass_by(1)


@pytest.mark.usefixtures("clocks")
def test_it_beats_at_each_tick_and_sleeps_no_longer_than_a_look(tmp_path: Path) -> None:
    entries: dict[str, dict[str, object]] = {"rare": {"task": "none", "schedule": Every(10_000.0)}}
    beating, sent, counted = scheduler_of(entries, tmp_path / "heartbeat")
    assert beating.tick() == LOOK_SECONDS
    assert (tmp_path / "heartbeat").exists()
    assert counted.given == counted.fed == 1
    assert sent == []


def test_the_sweep_fires_as_soon_as_the_scheduler_starts(clocks: Clocks) -> None:
    beating, sent, _ = scheduler_of(beat_schedule(Settings()))
    run(beating, clocks, 1)
    assert sent == ["sweep"]


@pytest.mark.parametrize("hours", [-10, 10])
def test_a_clock_that_is_set_changes_nothing_for_what_fires_every_so_often(
    clocks: Clocks, hours: int, caplog: pytest.LogCaptureFixture
) -> None:
    entries: dict[str, dict[str, object]] = {
        "often": {"task": "none", "schedule": Every(5.0)},
        "cron": {"task": "none", "schedule": crontab("0", "3", "*")},
    }
    beating, sent, _ = scheduler_of(entries)
    run(beating, clocks, 20)
    clocks.wall += hours * 3600
    run(beating, clocks, 60)
    assert 15 <= sent.count("often") <= 17
    assert "clock was set" in caplog.text


def test_a_broker_that_refuses_is_one_line_and_one_when_it_takes_again(
    clocks: Clocks, caplog: pytest.LogCaptureFixture
) -> None:
    entries: dict[str, dict[str, object]] = {"often": {"task": "none", "schedule": Every(1.0)}}
    beating, _, counted = scheduler_of(entries)
    beating.app.conf.broker_url = "redis://localhost:1/0"
    refusing = True

    def apply(_entry: Any, **_: Any) -> None:
        if refusing:
            raise SchedulingError("no") from ConnectionError("away")

    beating.apply_async = apply
    with caplog.at_level(logging.WARNING):
        run(beating, clocks, 30)
        assert [record.exc_info for record in caplog.records] == [None]
        refusing = False
        run(beating, clocks, 3)
    assert len(caplog.records) == 2
    assert "is back after" in caplog.messages[-1]
    assert counted.fed > 30
    assert "the broker" in counted.waits
    assert counted.waits[-1] is None


def test_what_is_due_once_a_week_waits_for_a_broker_that_is_away(clocks: Clocks) -> None:
    weekly = crontab("0", "3", "0", nowfun=lambda: datetime.fromtimestamp(clocks.wall, UTC))
    often = Every(20.0)
    entries: dict[str, dict[str, object]] = {
        "retrain": {"task": "none", "schedule": weekly},
        "often": {"task": "none", "schedule": often},
    }
    beating, _, _ = scheduler_of(entries)
    refusing, tried, sent = True, [], []

    def apply(entry: Any, **_: Any) -> None:
        tried.append(entry.name)
        if refusing:
            raise SchedulingError("no") from ConnectionError("away")
        sent.append(entry.name)

    beating.apply_async = apply
    for _ in range(8 * 24 * 60):  # minutes, until it is due
        if "retrain" in tried:
            break
        beating.tick()
        clocks.pass_by(60)
    assert "retrain" in tried
    run(beating, clocks, 60)
    assert "often" in tried
    refusing = False
    run(beating, clocks, 60)
    assert sent.count("retrain") == 1


@pytest.mark.parametrize(("days", "times"), [(20, 1), (0, 0)])
def test_a_training_that_was_due_while_no_scheduler_ran_is_made_up_for(
    clocks: Clocks, days: int, times: int
) -> None:
    """As on a machine that is off at nights, and on Sundays."""
    began = datetime.now(UTC) - timedelta(days=days)  # Celery reads the cron by the real clock
    entries = beat_schedule(Settings(), trained_at=began)
    beating, sent, _ = scheduler_of(entries)
    run(beating, clocks, 60)
    assert sent.count("retrain") == times


def test_what_is_sent_outlives_clocks_that_differ() -> None:
    for name, entry in beat_schedule(Settings(keep_predictions_days=1)).items():
        options: Any = entry["options"]
        assert options["expires"] >= 120, name


@pytest.mark.parametrize("end", [None, SystemExit()])
def test_a_scheduler_that_was_told_to_stop_says_so(
    sqlite_engine: Engine, sqlite_url: str, monkeypatch: pytest.MonkeyPatch, end: SystemExit | None
) -> None:
    def run() -> None:
        if end is not None:
            raise end

    app = SimpleNamespace(conf=SimpleNamespace(), Beat=lambda **_: SimpleNamespace(run=run))
    monkeypatch.setattr("worker.schedule.make_app", lambda _: app)
    run_scheduler(Settings(database_url=SecretStr(sqlite_url)))
    with reading(sqlite_engine) as connection:
        assert connection.execute(select(LastSign.ended)).scalar_one() == TOLD_TO_STOP
