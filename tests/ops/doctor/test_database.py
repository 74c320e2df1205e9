"""What is wrong with databases: real ones, of both kinds, in which a test makes the fault."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, text

from core.database.api_tables import KnownSite
from core.database.backup.tables import Backup
from core.database.engine import make_engine
from core.database.migrate import migrate_to, migrator, revisions
from tests.conftest import free_port
from tests.ops.doctor.conftest import Look
from tests.rows import question, store_questions


def test_one_that_is_well_is_told_with_its_revision(look: Look, engine: Engine) -> None:
    (found,) = look("database", database_url=engine.url.render_as_string(hide_password=False))
    assert found.severity == "ok"
    assert found.seen.endswith(f"at revision {revisions()[-1]}")


def test_one_that_is_missing_is_named_and_not_made(
    look: Look, sqlite_url: str, tmp_path: Path
) -> None:
    (found,) = look("database", database_url=sqlite_url)
    assert found.severity == "error"
    assert found.seen == f"There is no database at {tmp_path / 'tagger.sqlite3'}"
    assert found.fix.startswith("Set TAGGER_DATA_DIR or TAGGER_DATABASE_URL")
    assert list(tmp_path.iterdir()) == []


def test_an_address_that_does_not_answer_is_told_without_its_password(look: Look) -> None:
    address = f"postgresql://tagger:hush-hush@127.0.0.1:{free_port()}/tagger"
    (found,) = look("database", database_url=address)
    assert "Connection refused" in found.seen
    assert "hush-hush" not in found.seen
    assert found.fix.startswith("Start it, or set TAGGER_DATABASE_URL to one that runs.")


@pytest.mark.slow
def test_one_behind_on_migrations_is_told_and_not_migrated(look: Look, database_url: str) -> None:
    engine = make_engine(database_url)
    with migrator(engine) as connection:
        migrate_to(connection, revisions()[-2])
    for _ in range(2):
        (found,) = look("database", database_url=database_url)
        assert found.seen.startswith(f"the tables are at revision {revisions()[-2]}, ")
        assert found.fix.endswith(": tagger db upgrade")
    (other,) = look("models", database_url=database_url)
    assert other.seen == "not checked: the database's tables are not up to date"
    engine.dispose()


def test_one_of_a_newer_version_asks_for_that(look: Look, sqlite_engine: Engine) -> None:
    with sqlite_engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    (found,) = look("database", database_url=str(sqlite_engine.url))
    assert (found.severity, found.fix) == ("error", "Install the newer version.")


@contextmanager
def holding(file: Path, *statements: str) -> Iterator[None]:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)
        yield


@pytest.mark.parametrize(
    "statements",
    [
        ["BEGIN IMMEDIATE"],
        ["PRAGMA locking_mode=EXCLUSIVE", "BEGIN EXCLUSIVE", "DELETE FROM last_signs"],
    ],
    ids=["for writing", "altogether"],
)
def test_a_file_that_is_locked_is_told_with_who_locks_it(
    look: Look,
    sqlite_engine: Engine,
    tmp_path: Path,
    statements: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ops.doctor.context.LOCK_SECONDS", 0.1)
    sqlite_engine.dispose()  # whose connections would keep the file from being held alone
    with holding(tmp_path / "tagger.sqlite3", *statements):
        (found,) = look("database", database_url=str(sqlite_engine.url))
    assert found.severity == "error"
    assert found.seen.endswith("database is locked")
    assert "end that" in found.fix


def test_a_file_that_cannot_be_opened_is_told_once(look: Look, tmp_path: Path) -> None:
    (tmp_path / "tagger.sqlite3").mkdir()
    address = f"sqlite:///{tmp_path / 'tagger.sqlite3'}"
    (found,) = look("database", database_url=address)
    assert found.seen.endswith("unable to open database file")
    assert found.fix.startswith("See that its folder is there")
    (other,) = look("services", database_url=address)
    assert other.seen == "not checked: the database cannot be read"


# Run as root, the tests may write everything; without root's capabilities, only its own files.
NO_CAPABILITIES = ("setpriv", "--inh-caps=-all", "--bounding-set=-all")


@pytest.mark.slow(2)
@pytest.mark.skipif(os.getuid() != 0 or not shutil.which("setpriv"), reason="gives a folder away")
@pytest.mark.parametrize(
    ("folder_mode", "file_mode", "seen"),
    [(0o700, 0o600, "unable to open database file"), (0o755, 0o444, "readonly database")],
    ids=["closed", "read-only"],
)
def test_a_database_of_another_user_is_told(
    sqlite_engine: Engine, tmp_path: Path, folder_mode: int, file_mode: int, seen: str
) -> None:
    sqlite_engine.dispose()
    folder = tmp_path / "theirs"
    folder.mkdir()
    file = shutil.move(tmp_path / "tagger.sqlite3", folder)
    with holding(Path(file), "PRAGMA journal_mode=DELETE"):
        pass
    for path, mode in ((file, file_mode), (folder, folder_mode)):
        Path(path).chmod(mode)
        os.chown(path, 12345, 12345)
    command = [*NO_CAPABILITIES, sys.executable, "-m", "tagger", "doctor", "--offline", "--json"]
    environment = os.environ | {"TAGGER_DATA_DIR": str(folder)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    told = json.loads(done.stdout)["findings"]
    (found,) = (one for one in told if one["subject"] == "database")
    assert found["severity"] == "error"
    assert found["seen"].endswith(seen)
    assert "read-only for this user" in found["fix"]
    assert not any("the check itself failed" in one["seen"] for one in told)


def test_a_lock_that_others_wait_for_is_told_with_what_ends_it(
    look: Look, migrated_postgres_url: str
) -> None:
    engine = make_engine(migrated_postgres_url)
    lock = text("LOCK TABLE last_signs IN ACCESS EXCLUSIVE MODE")
    (found,) = look("database", database_url=migrated_postgres_url)
    assert found.severity == "ok"
    with engine.connect() as holder, engine.connect() as waiter:
        pid = holder.execute(text("SELECT pg_backend_pid()")).scalar_one()
        holder.execute(lock)
        waiting = threading.Thread(target=waiter.execute, args=(lock,))
        waiting.start()
        try:
            for _ in range(500):
                (found,) = look("database", database_url=migrated_postgres_url)
                if found.severity == "error":
                    break
        finally:
            holder.rollback()
            waiting.join()
    assert found.seen.startswith(f"process {pid} (question-tagger, idle in transaction) holds")
    assert found.fix.endswith(f"SELECT pg_terminate_backend({pid})")
    engine.dispose()


def test_a_backup_that_failed_is_told_with_the_reason(
    look: Look, sqlite_engine: Engine, tmp_path: Path
) -> None:
    settings = {"database_url": sqlite_engine.url, "backup_folder": tmp_path}
    (found,) = look("backups", **settings)
    assert (found.severity, found.seen) == ("warning", f"there is none yet in {tmp_path}")
    at = datetime.now(UTC) - timedelta(hours=2)
    for row in ({"at": at, "file": "b", "size": 1}, {"at": at + timedelta(1), "error": "no room"}):
        with sqlite_engine.begin() as connection:
            connection.execute(insert(Backup).values(folder=str(tmp_path), **row))
        (found,) = look("backups", **settings)
        assert (found.severity == "ok") == ("error" not in row)
    assert found.seen.endswith("failed: no room")


def test_a_site_under_a_name_of_before_is_told(look: Look, sqlite_engine: Engine) -> None:
    store_questions(sqlite_engine, question(1, site="Stats"), now=datetime.now(UTC))
    (found,) = look("sites", database_url=sqlite_engine.url)
    assert found.seen == "Stats is stats, under a name of before"
    assert found.fix.endswith("tagger db upgrade")


def test_a_site_that_is_set_and_there_is_not_is_told_with_what_is_near(
    look: Look, sqlite_engine: Engine
) -> None:
    settings = {"database_url": sqlite_engine.url, "sites": ("cooking", "statz")}
    (found,) = look("sites", **settings)
    assert (found.severity, "no site 'statz' (near matches: stats" in found.seen) == ("error", True)
    assert found.fix.startswith("Correct TAGGER_SITES")
    elsewhere = {**settings, "api_url": "http://127.0.0.1:9/2.3"}  # which has other sites
    assert look("sites", **elsewhere) == []
    row = {"api": elsewhere["api_url"], "name": "", "url": "", "fetched_at": datetime.now(UTC)}
    with sqlite_engine.begin() as connection:
        connection.execute(insert(KnownSite).values(site="statx", **row))
    (found,) = look("sites", **elsewhere)
    assert "no site 'statz'" in found.seen
