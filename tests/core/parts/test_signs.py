"""The signs of life in the database."""

import threading
from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, select, text

from core import __version__
from core.database.engine import make_engine, reading
from core.database.tables import LastSign
from core.parts.signs import KEPT, SIGN_SECONDS, TOLD_TO_STOP, Signs, write_sign
from core.service.signs import last_signs, part_statuses
from core.settings import Settings
from tests.conftest import ManualClock


def settings_of(address: str) -> Settings:
    return Settings(database_url=SecretStr(address))


def test_a_sign_is_written_once_in_a_while(
    engine: Engine, database_url: str, clock: ManualClock
) -> None:
    passed = [0.0]
    signs = Signs(settings_of(database_url), "tagging@a", clock, monotonic=lambda: passed[0])
    for seconds in (0.0, 5.0, SIGN_SECONDS - 1, SIGN_SECONDS):
        passed[0] = seconds
        writing = signs.give()
        assert (writing is not None) is (seconds in (0.0, SIGN_SECONDS))
        if writing is not None:
            writing.join()
            clock.sleep(30)
    with reading(engine) as connection:
        assert last_signs(connection) == {"tagging@a": clock.now() - timedelta(seconds=30)}


def test_a_sign_tells_the_version_of_the_program(engine: Engine, clock: ManualClock) -> None:
    with engine.begin() as connection:
        write_sign(connection, "tagging@a", now=clock.now())
        (part,) = part_statuses(connection, now=clock.now())
    assert part.version == __version__


def test_who_is_gone_is_forgotten(engine: Engine, clock: ManualClock) -> None:
    with engine.begin() as connection:
        write_sign(connection, "tagging-7@a", now=clock.now())
        clock.sleep(KEPT.total_seconds() + 1)
        write_sign(connection, "scheduler@a", now=clock.now())
        assert list(last_signs(connection)) == ["scheduler@a"]


def test_who_forgets_waits_for_no_other_part(
    migrated_postgres_url: str, clock: ManualClock
) -> None:
    engine = make_engine(migrated_postgres_url)  # SQLite has one writer at a time
    with engine.begin() as connection:
        write_sign(connection, "tagging@a", now=clock.now())
    clock.sleep(KEPT.total_seconds() + 1)
    with engine.begin() as tagging, engine.begin() as scheduler:
        write_sign(tagging, "tagging@a", now=clock.now())
        scheduler.execute(text("SET LOCAL lock_timeout = '1s'"))
        write_sign(scheduler, "scheduler@a", now=clock.now())
    with reading(engine) as connection:
        assert sorted(last_signs(connection)) == ["scheduler@a", "tagging@a"]
    engine.dispose()


def test_a_database_that_is_away_is_told_of_once_and_stops_nobody(
    clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    passed = [0.0]
    signs = Signs(
        settings_of("postgresql://127.0.0.1:1/none"),
        "tagging@a",
        clock,
        monotonic=lambda: passed[0],
    )
    for turn in range(3):
        passed[0] = turn * SIGN_SECONDS
        writing = signs.give()
        assert writing is not None
        writing.join()
    (line,) = caplog.messages
    assert line.startswith("no sign can be written for the page: ")
    assert "\n" not in line


def test_one_that_hangs_is_not_joined_by_another(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ending = threading.Event()
    monkeypatch.setattr(Signs, "_try_to", lambda *_: ending.wait(20))
    passed = [0.0]
    signs = Signs(Settings(), "tagging@a", clock, monotonic=lambda: passed[0])
    hanging = signs.give()
    passed[0] = 10 * SIGN_SECONDS
    assert signs.give() is None
    ending.set()
    assert hanging is not None
    hanging.join()
    assert signs.give() is not None


@pytest.mark.usefixtures("engine")
def test_each_start_says_why_the_last_run_ended(
    database_url: str, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "core.parts.signs")
    settings = settings_of(database_url)
    for reason in ("It was deaf.", TOLD_TO_STOP, None, None):
        signs = Signs(settings, "tagging@a", clock)
        signs.begin()
        if reason is not None:
            signs.end_soon(reason)
            signs.end("what comes after is no reason")
            writing = signs.give()  # which makes it no running one
            assert writing is not None
            writing.join()
    told = [
        (record.levelname, record.getMessage().partition(" UTC: ")[2]) for record in caplog.records
    ]
    assert told == [
        ("WARNING", "It was deaf."),
        ("INFO", TOLD_TO_STOP),
        ("WARNING", "it did not say why: it was killed, or its machine stopped"),
    ]


@pytest.mark.usefixtures("engine")
def test_what_a_part_waits_for_is_written_at_once_and_so_is_that_it_goes_on(
    database_url: str, engine: Engine, clock: ManualClock
) -> None:
    signs = Signs(settings_of(database_url), "tagging@a", clock, monotonic=lambda: 0.0)
    found = []
    for waits_for in (None, "the broker", "the broker", None):
        writing = signs.give(waits_for=waits_for)
        if writing is not None:
            writing.join()
        with reading(engine) as connection:
            found.append(connection.execute(select(LastSign.waits_for)).scalar_one())
    assert found == [None, "the broker", "the broker", None]
