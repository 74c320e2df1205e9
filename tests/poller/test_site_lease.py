"""One request at a time for each site, of all processes on the database."""

from datetime import datetime

import pytest
from sqlalchemy import Engine

from core.errors import ApiPaused
from poller.site_lease import LEASE_SECONDS, RENEWED_SECONDS, SiteLease
from tests.conftest import ManualClock


def is_free(engine: Engine, lease: SiteLease, site: str, now: datetime) -> bool:
    """Whether a process could take a site; it gives it back."""
    try:
        with engine.begin() as connection:
            lease.take(connection, site, now)
            lease.end(connection, site)
    except ApiPaused:
        return False
    return True


def test_a_site_that_a_dead_process_asked_is_left_alone_for_a_while(
    engine: Engine, clock: ManualClock
) -> None:
    mine, other = SiteLease(engine, clock), SiteLease(engine, clock)
    with engine.begin() as connection:
        mine.take(connection, "stats", clock.now())
    assert not is_free(engine, other, "stats", clock.now())
    assert is_free(engine, other, "cooking", clock.now())
    clock.sleep(LEASE_SECONDS)
    assert is_free(engine, other, "stats", clock.now())


def test_who_is_still_waiting_for_an_answer_keeps_its_site(
    engine: Engine, clock: ManualClock
) -> None:
    mine, other = SiteLease(engine, clock), SiteLease(engine, clock)
    with engine.begin() as connection:
        mine.take(connection, "stats", clock.now())
    for _ in range(20):
        clock.sleep(RENEWED_SECONDS - 1)
        mine.renew("stats")
        assert not is_free(engine, other, "stats", clock.now())
    clock.sleep(RENEWED_SECONDS)
    assert is_free(engine, other, "stats", clock.now())
    mine.renew("stats")  # too late
    assert is_free(engine, SiteLease(engine, clock), "stats", clock.now())


def test_a_dead_process_holds_its_site_up_for_less_than_half_a_minute() -> None:
    assert LEASE_SECONDS < 30


def test_a_lease_by_a_clock_that_was_set_back_since_holds_nothing_up(
    engine: Engine, clock: ManualClock
) -> None:
    mine, other = SiteLease(engine, clock), SiteLease(engine, clock)
    with engine.begin() as connection:
        mine.take(connection, "stats", clock.now())
    with pytest.raises(ApiPaused), engine.begin() as connection:
        other.take(connection, "stats", clock.now())
    clock.sleep(-3600)
    assert is_free(engine, other, "stats", clock.now())
