import io
import os
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, make_url

from core.database.backup import writing
from core.database.backup.scope import MADE_BY_TRIGGERS, StoredTable, tables_to_keep
from core.database.backup.writing import check_backup, save_backup, write_backup
from core.database.engine import make_engine, reading
from core.database.migrate import revisions
from core.errors import BackupFailed, BackupRefused, SchemaOutdated
from tests.conftest import ManualClock
from tests.core.database.upgrades.filled_tables import counts, fill_empty_tables
from tests.database_of_before import migrate_to
from tests.models import word_bundle
from tests.rows import publish_live, question, store_questions


def test_a_backup_holds_every_row_and_is_its_owners_alone(
    engine: Engine, clock: ManualClock, tmp_path: Path
) -> None:
    with engine.begin() as connection:
        fill_empty_tables(connection)
        expected = counts(connection)
    path = tmp_path / "tagger.backup.gz"
    written = save_backup(engine, path, now=clock.now())
    left_out = {*MADE_BY_TRIGGERS, "review_sessions", "last_signs", "api_leases"}
    assert written.rows == {name: n for name, n in expected.items() if name not in left_out}
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.glob(".*.part")) == []
    with path.open("rb") as file:
        assert check_backup(file, "it") == written
    assert written.header.made_at == "2026-01-01T00:00:00+00:00"


def test_it_is_of_one_moment_while_others_go_on_writing(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_questions(engine, question(1), now=clock.now())
    other = make_engine(engine.url.render_as_string(hide_password=False))

    def meanwhile(*args: Any, **options: Any) -> list[StoredTable]:
        store_questions(other, question(2), now=clock.now())
        return tables_to_keep(*args, **options)

    monkeypatch.setattr(writing, "tables_to_keep", meanwhile)
    written = write_backup(engine, io.BytesIO(), now=clock.now())
    other.dispose()
    assert [written.rows[name] for name in ("questions", "tagging_requests")] == [1, 1]


def test_models_may_be_left_out(engine: Engine, clock: ManualClock) -> None:
    publish_live(engine, word_bundle(), now=clock.now())
    small, whole = io.BytesIO(), io.BytesIO()
    left = write_backup(engine, small, now=clock.now(), models=False)
    assert "bundle_parts" not in left.rows
    assert left.rows["model_versions"] == 1
    assert not left.header.models
    assert write_backup(engine, whole, now=clock.now()).rows["bundle_parts"] == 1
    assert small.tell() < whole.tell()


def test_another_file_is_replaced_only_where_that_is_said(
    sqlite_engine: Engine, clock: ManualClock, tmp_path: Path
) -> None:
    path = tmp_path / "old.gz"
    path.write_text("dear")
    with pytest.raises(BackupFailed, match=r"old\.gz exists; .*--force"):
        save_backup(sqlite_engine, path, now=clock.now())
    assert path.read_text() == "dear"
    save_backup(sqlite_engine, path, now=clock.now(), force=True)
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(BackupFailed, match="is no file"):
        save_backup(sqlite_engine, tmp_path, now=clock.now(), force=True)
    with pytest.raises(BackupFailed, match="cannot be written: No such file"):
        save_backup(sqlite_engine, tmp_path / "nowhere" / "a", now=clock.now())


def test_what_is_not_read_back_takes_no_place(
    sqlite_engine: Engine, clock: ManualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoil(descriptor: int) -> None:
        os.pwrite(descriptor, b"spoilt", 30)

    monkeypatch.setattr("core.database.backup.writing.os.fsync", spoil)
    with pytest.raises(BackupRefused, match="damaged"):
        save_backup(sqlite_engine, tmp_path / "new.gz", now=clock.now())
    assert [path.name for path in tmp_path.iterdir() if "sqlite3" not in path.name] == []


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path, clock: ManualClock) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'wrong' / 'tagger.sqlite3'}")
    with pytest.raises(BackupFailed, match="holds no tables of this program"):
        write_backup(engine, io.BytesIO(), now=clock.now())
    assert not Path(str(make_url(str(engine.url)).database)).exists()


def test_a_database_of_a_newer_program_is_refused(engine: Engine, clock: ManualClock) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    try:
        with pytest.raises(SchemaOutdated, match="9999"):
            write_backup(engine, io.BytesIO(), now=clock.now())
    finally:
        with engine.begin() as connection:
            newest = revisions()[-1]
            connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{newest}'")


def test_an_empty_database_of_an_earlier_revision_can_be_backed_up(
    sqlite_url: str, clock: ManualClock
) -> None:
    engine = make_engine(sqlite_url)
    migrate_to(engine, "0003")
    written = write_backup(engine, io.BytesIO(), now=clock.now())
    assert written.header.revision == "0003"
    assert "predicted_tags" in written.rows
    with reading(engine) as connection:
        assert counts(connection)["questions"] == 0
    engine.dispose()
