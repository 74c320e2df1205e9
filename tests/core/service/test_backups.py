from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert

from core.database.backup.tables import Backup
from core.database.engine import reading
from core.service.backups import backup_lines, backup_status
from core.settings import Settings
from tests.conftest import ManualClock

ON = Settings(backup_folder=Path("/backups"))


def add(engine: Engine, at: datetime, **values: object) -> None:
    with engine.begin() as connection:
        row = {"at": at, "folder": "/backups"} | values
        connection.execute(insert(Backup).values(row))


def lines(engine: Engine, settings: Settings, now: datetime) -> list[str]:
    with reading(engine) as connection:
        return list(backup_lines(backup_status(connection), settings, now=now))


def test_where_none_is_to_be_taken_nothing_is_said(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    assert lines(sqlite_engine, Settings(), clock.now()) == []
    (told,) = lines(sqlite_engine, ON, clock.now())
    assert told.startswith("Last backup: none yet in /backups")


@pytest.mark.parametrize(
    ("ago", "told"),
    [
        (timedelta(minutes=5), "5 min"),
        (timedelta(hours=9), "9 h"),
        (timedelta(days=4), "4 days"),
        (timedelta(hours=-1), "0 min"),  # by a clock that was set back since
    ],
)
def test_the_last_one_is_told_with_its_age(
    engine: Engine, clock: ManualClock, ago: timedelta, told: str
) -> None:
    add(engine, clock.now() - timedelta(days=9), file="old", size=5)
    add(engine, clock.now() - ago, file="new", size=143_200_000)
    assert lines(engine, ON, clock.now()) == [f"Last backup: {told} old, 143.2 MB, /backups/new"]


def test_a_failure_is_told_until_one_succeeds(engine: Engine, clock: ManualClock) -> None:
    hour = timedelta(hours=1)
    add(engine, clock.now() - 3 * hour, file="first", size=1_000_000)
    add(engine, clock.now() - 2 * hour, error="The disk is full.")
    assert lines(engine, ON, clock.now())[1:] == [
        "Backup: the one of 2025-12-31 22:00 failed: The disk is full."
    ]
    add(engine, clock.now() - hour, file="second", size=1_000_000)
    assert len(lines(engine, ON, clock.now())) == 1
