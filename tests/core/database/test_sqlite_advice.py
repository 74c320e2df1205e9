import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from core.database import engine as engines
from core.database.engine import make_engine
from core.database.sqlite_advice import advise, find_read_only, lock_holders
from core.errors import DatabaseUnreachable

HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute(sys.argv[2])
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="reads Linux's own list of locks")
@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_a_locked_file_is_told_with_who_holds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setattr(engines, "SQLITE_BUSY_MS", 20)
    file = tmp_path / "tagger.sqlite3"
    with sqlite3.connect(file) as connection:
        connection.execute(f"PRAGMA journal_mode={mode}")
        connection.execute("CREATE TABLE a (b)")
    connection.close()
    engine = make_engine(f"sqlite:///{file}")
    lock = "BEGIN IMMEDIATE" if mode == "wal" else "BEGIN EXCLUSIVE"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(file), lock],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(DatabaseUnreachable) as failure, engine.begin():
            pass
        holder.communicate()
    assert f"It is locked by process {holder.pid} ({sys.executable} -c" in str(failure.value)
    assert "Start it" not in str(failure.value)
    assert "\n" not in str(failure.value)  # as there are in the holder's command
    with engine.begin() as again:
        again.execute(text("INSERT INTO a VALUES (1)"))
    engine.dispose()
    assert lock_holders(file) == []


def test_who_locks_a_file_of_the_same_number_on_another_disk_is_not_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, locks = tmp_path / "tagger.sqlite3", tmp_path / "locks"
    file.touch()
    found = file.stat()
    here = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}"
    lines = [
        f"{number}: POSIX  ADVISORY  WRITE {pid} {device}:{found.st_ino} 120 120\n"
        for number, pid, device in ((1, 999_999, here), (2, 999_998, "00:ff"))
    ]
    monkeypatch.setattr("core.database.sqlite_advice._LOCKS", locks)
    locks.write_text("".join(lines))
    assert lock_holders(file) == ["process 999999"]
    locks.write_text(lines[1])  # folders that lie over each other
    assert lock_holders(file) == ["process 999998"]


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (sqlite3.SQLITE_BUSY, "Another program writes to it"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "Another program writes to it"),
        (sqlite3.SQLITE_READONLY_DBMOVED, "Let this user write"),
        (sqlite3.SQLITE_FULL, "Make room"),
        (sqlite3.SQLITE_NOTADB, "another file"),
        (sqlite3.SQLITE_ERROR, "a database that can be used"),
    ],
)
def test_the_advice_fits_the_error(tmp_path: Path, code: int, advice: str) -> None:
    error = sqlite3.OperationalError("no")
    error.sqlite_errorcode = code
    assert advice in advise(tmp_path / "none.sqlite3", error)


def test_a_file_that_is_no_database_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "a.sqlite3").write_text("Dear diary, " * 100)
    engine = make_engine(f"sqlite:///{tmp_path / 'a.sqlite3'}")
    with (
        pytest.raises(DatabaseUnreachable, match=r"not a database.*to another file"),
        engine.begin(),
    ):
        pass
    engine.dispose()


@pytest.mark.parametrize("code", [sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN])
def test_a_read_only_folder_is_named_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    monkeypatch.setattr(os, "access", lambda path, _mode: path != tmp_path)
    error = sqlite3.OperationalError("no")
    error.sqlite_errorcode = code
    assert f"The folder {tmp_path} is read-only for this user" in advise(tmp_path / "a", error)


def test_what_forbids_to_write_is_the_file_or_the_nearest_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.sqlite3"
    file.touch()
    assert find_read_only(file) is None
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert find_read_only(file) == file
    assert find_read_only(tmp_path / "none" / "a") == tmp_path
