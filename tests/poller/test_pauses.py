"""Pauses of the API, in memory and in the database."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from core.database.api_tables import ApiPause, PauseReason
from core.errors import ApiPaused
from poller.client import ApiRequest
from poller.pauses import EVERYTHING, Pauses
from tests.conftest import ManualClock

ONE = ApiRequest("questions/unanswered", "stats")
OTHER_METHOD = ApiRequest("questions", "stats")


def paused(pauses: Pauses, engine: Engine, clock: ManualClock, request: ApiRequest) -> ApiPaused:
    """The pause that holds for a request."""
    with engine.connect() as connection, pytest.raises(ApiPaused) as caught:
        pauses.check(connection, request, clock.now())
    return caught.value


def save(pauses: Pauses, engine: Engine, clock: ManualClock) -> None:
    with engine.begin() as connection:
        pauses.save(connection, clock.now())


def rows(engine: Engine) -> list[tuple[str, str]]:
    """Method and reason of each pause in the database."""
    with engine.connect() as connection:
        found = connection.execute(select(ApiPause.method, ApiPause.reason)).all()
    return [(method, reason) for method, reason in found]


def test_a_pause_holds_before_the_database_has_taken_it(engine: Engine, clock: ManualClock) -> None:
    pauses, until = Pauses("api", clock), clock.now() + timedelta(seconds=30)
    pauses.add((ONE.site, ONE.method), until, PauseReason.BACKOFF)
    assert rows(engine) == []
    assert paused(pauses, engine, clock, ONE).until == until
    with engine.connect() as connection:
        pauses.check(connection, OTHER_METHOD, clock.now())


def test_a_saved_pause_holds_for_other_processes_of_the_same_client(
    engine: Engine, clock: ManualClock
) -> None:
    pauses, until = Pauses("api", clock), clock.now() + timedelta(seconds=30)
    pauses.add(EVERYTHING, until, PauseReason.UNREADABLE)
    save(pauses, engine, clock)
    found = paused(Pauses("api", clock), engine, clock, OTHER_METHOD)
    assert (found.until, found.reason) == (until, PauseReason.UNREADABLE)
    with engine.connect() as connection:
        Pauses("another key", clock).check(connection, OTHER_METHOD, clock.now())


def test_a_shorter_pause_does_not_end_a_longer_one(engine: Engine, clock: ManualClock) -> None:
    longer, shorter = (clock.now() + timedelta(seconds=seconds) for seconds in (300, 1))
    first, second = Pauses("api", clock), Pauses("api", clock)
    for pauses, until in ((first, longer), (first, shorter), (second, shorter)):
        pauses.add(EVERYTHING, until, PauseReason.BACKOFF)
        save(pauses, engine, clock)
    assert paused(first, engine, clock, ONE).until == longer
    assert paused(second, engine, clock, ONE).until == longer


def test_pauses_that_are_over_leave_no_rows(engine: Engine, clock: ManualClock) -> None:
    pauses = Pauses("api", clock)
    pauses.add((ONE.site, ONE.method), clock.now() + timedelta(seconds=5), PauseReason.BACKOFF)
    save(pauses, engine, clock)
    assert rows(engine) == [("questions/unanswered", "backoff")]
    clock.sleep(60)
    save(pauses, engine, clock)
    assert rows(engine) == []


def test_a_pause_is_told_as_one_of_the_api(engine: Engine, clock: ManualClock) -> None:
    pauses = Pauses("api", clock)
    pauses.add(EVERYTHING, clock.now() + timedelta(seconds=5), PauseReason.UNREADABLE)
    told = str(paused(pauses, engine, clock, ApiRequest("sites", "")))
    assert told == (
        "the API's /sites may be asked again at 2026-01-01 00:00:05 UTC (no readable answer)"
    )
