import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine

from core.broker import refill_lock as module
from core.broker.refill_lock import refill_lock
from core.clock import SystemClock
from core.database.engine import make_engine
from tests.conftest import ManualClock


def test_one_holds_it_at_a_time_and_another_waits_as_long_as_it_has_patience(
    engine: Engine, clock: ManualClock
) -> None:
    with refill_lock(engine, clock, 0) as first, refill_lock(engine, clock, 0) as second:
        assert (first, second) == (True, False)
    released = threading.Event()

    def wait() -> bool:
        with refill_lock(engine, SystemClock(), 60) as third:
            return third and released.is_set()

    with ThreadPoolExecutor(1) as other:
        with refill_lock(engine, clock, 0):
            third = other.submit(wait)
            before = clock.now()
            with refill_lock(engine, clock, 5) as impatient:
                assert not impatient
            assert (clock.now() - before).total_seconds() == pytest.approx(5)
            released.set()
        assert third.result(timeout=60)


def test_the_lock_of_one_that_hangs_ends_on_postgres(
    migrated_postgres_url: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = make_engine(migrated_postgres_url)
    monkeypatch.setattr(module, "LOCK_SECONDS", 0.2)
    with refill_lock(engine, clock, 0) as first:
        assert first
        with refill_lock(engine, SystemClock(), 30) as second:
            assert second
    with refill_lock(engine, clock, 0) as third:
        assert third
    engine.dispose()
