from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event
from types import SimpleNamespace

import pytest
from sqlalchemy import Engine, create_engine

from core.database.clock import LOOK_SECONDS, DatabaseClock
from core.database.engine import make_engine
from core.errors import DatabaseUnreachable
from tests.conftest import ManualClock


@pytest.fixture
def server(postgres_url: str) -> Iterator[Engine]:
    engine = make_engine(postgres_url)
    yield engine
    engine.dispose()


def test_hosts_of_one_server_have_one_clock_whatever_their_own_say(
    server: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    own = ManualClock(datetime.now(UTC) + timedelta(hours=10))
    clock = DatabaseClock(server, own)
    first = clock.now()
    assert abs(first - datetime.now(UTC)) < timedelta(minutes=5)
    assert "36000 s ahead of the database's" in caplog.text
    own.time -= timedelta(hours=10)  # it is corrected
    own.slept += LOOK_SECONDS / 2
    assert clock.now() == first + timedelta(seconds=LOOK_SECONDS / 2)


def test_the_server_is_asked_again_after_a_minute_and_told_of_once(
    server: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    own = ManualClock(datetime.now(UTC) - timedelta(seconds=27))
    clock = DatabaseClock(server, own)
    for _ in range(3):
        clock.now()
        own.slept += 2 * LOOK_SECONDS
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=20)
    assert caplog.text.count("27 s behind the database's") <= 1


def test_after_a_machine_has_slept_the_time_is_not_that_of_before(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a laptop that was shut: the clock that nobody sets has stood still meanwhile."""
    server: list[datetime | None] = [clock.now()]

    @contextmanager
    def read(_: Engine) -> Iterator[SimpleNamespace]:
        if server[0] is None:
            raise DatabaseUnreachable("it is away")
        yield SimpleNamespace(execute=lambda _: SimpleNamespace(scalar_one=lambda: server[0]))

    monkeypatch.setattr("core.database.clock.reading", read)
    shared = DatabaseClock(make_engine("postgresql+psycopg://u@127.0.0.1:1/none"), clock)
    assert shared.now() == clock.now()
    night = timedelta(hours=8)
    clock.time += night
    server[0] = clock.now() + timedelta(seconds=2)
    assert shared.now() == clock.now() + timedelta(seconds=2)
    clock.time += night
    server[0] = None  # its network is not up yet
    assert shared.now() == clock.now() + timedelta(seconds=2)


def test_who_waits_for_the_servers_answer_keeps_no_other_thread_waiting(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of requests that hold all connections while one of them asks the server's time."""
    asked, answered = Event(), Event()
    answered.set()

    @contextmanager
    def read(_: Engine) -> Iterator[SimpleNamespace]:
        asked.set()
        assert answered.wait(20)
        yield SimpleNamespace(execute=lambda _: SimpleNamespace(scalar_one=clock.now))

    monkeypatch.setattr("core.database.clock.reading", read)
    shared = DatabaseClock(make_engine("postgresql+psycopg://u@127.0.0.1:1/none"), clock)
    first = shared.now()
    clock.slept += LOOK_SECONDS
    asked.clear()
    answered.clear()
    with ThreadPoolExecutor(2) as pool:
        asking = pool.submit(shared.now)
        assert asked.wait(20)
        assert pool.submit(shared.now).result(20) == first + timedelta(seconds=LOOK_SECONDS)
        answered.set()
        asking.result(20)


def test_where_all_connections_are_in_use_time_goes_on_as_told(
    postgres_url: str, clock: ManualClock
) -> None:
    engine = create_engine(postgres_url, pool_size=1, max_overflow=0, pool_timeout=0.01)
    shared = DatabaseClock(engine, clock)
    first = shared.now()
    clock.slept += LOOK_SECONDS
    with engine.connect():
        assert shared.now() == first + timedelta(seconds=LOOK_SECONDS)
    engine.dispose()


def test_sqlite_has_this_machines_clock(sqlite_engine: Engine, clock: ManualClock) -> None:
    assert DatabaseClock(sqlite_engine, clock).now() == clock.now()


def test_while_the_server_is_away_this_machines_clock_tells(clock: ManualClock) -> None:
    away = make_engine("postgresql+psycopg://u@127.0.0.1:1/none")
    assert DatabaseClock(away, clock).now() == clock.now()
