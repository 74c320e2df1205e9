import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, select

from core.database.backup.nightly import NightlyBackups, backups_in
from core.database.backup.tables import Backup
from core.database.backup.writing import check_backup
from core.database.engine import reading
from core.settings import Settings
from tests.conftest import ManualClock
from tests.rows import question, store_questions

FIRST = "tagger-20260101T000000Z.backup.gz"


@pytest.fixture
def settings(sqlite_engine: Engine, tmp_path: Path) -> Settings:
    address = sqlite_engine.url.render_as_string(hide_password=False)
    return Settings(
        database_url=address,  # type: ignore[arg-type]
        backup_folder=tmp_path / "backups",
        backup_keep=2,
    )


def nightly(settings: Settings, clock: ManualClock) -> NightlyBackups:
    """One that takes backups while its caller waits."""
    return NightlyBackups(settings, folder(settings), clock, begin=lambda take: take())


def folder(settings: Settings) -> Path:
    assert settings.backup_folder is not None
    return settings.backup_folder


def noted(engine: Engine) -> list[tuple[str | None, str | None]]:
    with reading(engine) as connection:
        rows = select(Backup.file, Backup.error).order_by(Backup.id)
        return [(file, error) for file, error in connection.execute(rows)]


def test_the_first_is_taken_at_once_and_the_others_by_the_cron(
    sqlite_engine: Engine, settings: Settings, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    store_questions(sqlite_engine, question(1), now=clock.now())
    backups = nightly(settings, clock)
    with caplog.at_level(logging.INFO, "core.database.backup.nightly"):
        backups.look()
        backups.look()
    (line,) = caplog.messages
    assert FIRST in line
    assert "read back and whole" in line
    assert "1 are kept" in line
    assert folder(settings).stat().st_mode & 0o777 == 0o700
    with (folder(settings) / FIRST).open("rb") as file:
        assert check_backup(file, "it").rows["questions"] == 1
    taken = []
    for _ in range(60):
        clock.sleep(3600)
        backups.look()
        taken += [path.name for path in backups_in(folder(settings)) if path.name not in taken]
    assert [name[7:18] for name in taken] == [
        "20260101T00",
        "20260101T02",
        "20260102T02",
        "20260103T02",
    ]
    assert [path.name for path in backups_in(folder(settings))] == taken[-2:]
    assert [file for file, _ in noted(sqlite_engine)] == taken


def test_a_start_right_after_a_backup_takes_none_and_one_that_was_missed_is_made_up_for(
    settings: Settings, clock: ManualClock
) -> None:
    nightly(settings, clock).look()
    nightly(settings, clock).look()
    assert len(backups_in(folder(settings))) == 1
    clock.sleep(10 * 3600)  # the cron has fired at two
    nightly(settings, clock).look()
    assert len(backups_in(folder(settings))) == 2


def test_a_failure_is_one_line_and_is_tried_again_after_an_hour(
    sqlite_engine: Engine, settings: Settings, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    folder(settings).write_text("in the way")
    backups = nightly(settings, clock)
    for _ in range(50):
        backups.look()
        clock.sleep(60)
    (record,) = caplog.records
    assert "for backups cannot be used" in record.message
    assert record.exc_info is None
    folder(settings).unlink()
    for _ in range(20):
        backups.look()
        clock.sleep(60)
    assert len(backups_in(folder(settings))) == 1
    assert [error is None for _, error in noted(sqlite_engine)] == [False, True]


def test_one_of_a_database_that_cannot_even_be_looked_for_is_tried_again(
    settings: Settings, clock: ManualClock, tmp_path: Path
) -> None:
    """As where its folder's disk is not there for a while."""
    (tmp_path / "disk").write_text("not mounted")
    away = f"sqlite:///{tmp_path}/disk/data/tagger.sqlite3"
    backups = nightly(settings.model_copy(update={"database_url": SecretStr(away)}), clock)
    for _ in range(2):
        backups.look()
        clock.sleep(3600)
    backups._settings = settings
    backups.look()
    assert len(backups_in(folder(settings))) == 1


def test_what_was_cut_short_is_deleted_and_nothing_that_others_put_there(
    settings: Settings, clock: ManualClock
) -> None:
    place = folder(settings)
    place.mkdir()
    left = place / f".{FIRST}.123.part"
    others = [place / name for name in ("mine.gz", "tagger.backup.gz", ".mine.part")]
    for path in (left, *others):
        path.write_text("")
    backups = nightly(settings, clock)
    for _ in range(5):
        backups.look()
        clock.sleep(86_400)
    assert not left.exists()
    assert all(path.exists() for path in others)


def test_one_of_the_future_is_not_waited_for(settings: Settings, clock: ManualClock) -> None:
    nightly(settings, clock).look()
    clock.time -= timedelta(days=300)
    backups = nightly(settings, clock)
    backups.look()
    clock.sleep(120)
    backups.look()
    assert len(backups_in(folder(settings))) == 2


def test_those_of_a_clock_that_was_ahead_go_before_the_newest(
    settings: Settings, clock: ManualClock
) -> None:
    for year in (2098, 2099):
        nightly(settings, ManualClock(clock.now().replace(year=year))).look()
    backups, days = nightly(settings, clock), []
    for _ in range(2):
        backups.look()
        days.append([path.name[7:15] for path in backups_in(folder(settings))])
        clock.sleep(86_400)
    assert days == [["20260101", "20990101"], ["20260101", "20260102"]]


def test_a_backup_under_way_is_the_only_one(settings: Settings, clock: ManualClock) -> None:
    begun: list[Callable[[], None]] = []
    backups = NightlyBackups(settings, folder(settings), clock, begin=begun.append)
    for _ in range(5):
        backups.look()
        clock.sleep(86_400)
    assert len(begun) == 1
    begun[0]()
    clock.sleep(86_400)
    backups.look()
    assert len(begun) == 2


def test_a_database_that_is_away_is_one_line(
    clock: ManualClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    away = Settings(
        database_url="postgresql://u:hush@127.0.0.1:1/d",  # type: ignore[arg-type]
        backup_folder=tmp_path / "backups",
    )
    nightly(away, clock).look()
    (record,) = caplog.records
    assert "cannot be used" in record.message
    assert "hush" not in record.message
    assert list((tmp_path / "backups").iterdir()) == []
