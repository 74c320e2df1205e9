"""An API that is away or out of order for a while: it is read again soon, and by its rules."""

import logging

import pytest
from sqlalchemy import Engine

from core.feeds import FeedName
from demo.standin.faults import Failure, Faults, Scheduled
from poller.feeds import Step
from tests.poller.feeds.feed_world import HOUR, asked, numbers, world

SOON = 30.0  # seconds


def outage(way: Failure, seconds: float) -> Faults:
    """All requests fail in one way for so many seconds."""
    return Faults(schedule=(Scheduled(way, 0, seconds),))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("way", "seconds"),
    [
        (Failure.REFUSED, 10),
        (Failure.REFUSED, HOUR),  # however long
        (Failure.RESET, 10),
        (Failure.SERVER_ERROR, 10),
        (Failure.UNAVAILABLE, 10),
        (Failure.INTERNAL, 10),
    ],
)
def test_new_questions_are_read_soon_after_an_outage(
    sqlite_engine: Engine, way: Failure, seconds: float
) -> None:
    run = world(sqlite_engine, [asked(1, -HOUR)], faults=outage(way, seconds), poll_seconds=5)
    poller = run.poller()
    read_at: list[float] = []

    def note(_site: str, name: FeedName, _step: Step) -> None:
        if name == "live":
            read_at.append(run.clock.monotonic())

    poller.on_step = note
    began = run.clock.monotonic()
    poller.run(lambda: bool(read_at) or run.clock.monotonic() - began > seconds + 3 * SOON)
    assert read_at
    assert read_at[0] - began - seconds < SOON
    assert numbers(run) == [1]
    assert run.standin.observer.violations == []


@pytest.mark.slow
def test_an_api_that_comes_back_with_errors_is_read_soon_after_them(
    sqlite_engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    away = Scheduled(Failure.REFUSED, 0, HOUR)
    errors = Scheduled(Failure.UNAVAILABLE, HOUR, HOUR + 25)  # longer than the poller pauses
    run = world(
        sqlite_engine, [asked(1, -HOUR)], faults=Faults(schedule=(away, errors)), poll_seconds=5
    )
    poller = run.poller()
    read: list[FeedName] = []
    poller.on_step = lambda _site, name, _step: read.append(name)
    began = run.clock.monotonic()
    with caplog.at_level(logging.WARNING):
        poller.run(lambda: "live" in read or run.clock.monotonic() - began > HOUR + 20 * SOON)
    assert run.clock.monotonic() - began < HOUR + 25 + SOON
    assert any(told.startswith("the API is back after ") for told in caplog.messages)
    assert run.standin.observer.violations == []


@pytest.mark.slow
def test_an_api_that_is_away_for_long_is_two_lines(
    sqlite_engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    run = world(sqlite_engine, [asked(1, -HOUR)], faults=outage(Failure.REFUSED, HOUR))
    began = run.clock.monotonic()
    with caplog.at_level(logging.WARNING):
        run.poller().run(lambda: run.clock.monotonic() - began > 2 * HOUR)
    away, back = caplog.messages
    assert "no connection to" in away
    assert back.startswith("the API is back after ")
