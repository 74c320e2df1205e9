"""One training at a time for a site, on all hosts; and whether one is at work."""

import fcntl
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import quote

from sqlalchemy import Engine, func, select, text
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import DBAPIError

from core.errors import DatabaseUnreachable, TrainingInProgress
from core.new_file import open_lock_file

DIED: Final = "the process ended while at it"
STOPPED: Final = "stopped"  # by a person, or with what had started it
_POSTGRES_LOCKS: Final = 0x7A66E3  # any number of our own: the space of the sites' locks
_TRIES: Final = 5
_BETWEEN_TRIES_SECONDS: Final = 0.05


@contextmanager
def training_lock(engine: Engine, site: str) -> Iterator[None]:
    """Keep other runs for a site out, on every host; freed by the system when the holder dies.

    It is an advisory lock of Postgres' session, or one of the file system beside the SQLite file.

    Raises:
        TrainingInProgress: another process trains a model for the site.
        DatabaseUnreachable: the lock's file cannot be opened.
    """
    lock = _postgres_lock if engine.dialect.name == "postgresql" else _file_lock
    with lock(engine, site) as mine:
        if not mine:
            raise TrainingInProgress(
                f"A model for the site {site} is being trained already; try again when that run "
                "has ended."
            )
        yield


def is_training(connection: Connection, site: str) -> bool:
    """Say whether a process holds the site's lock; also where that cannot be told.

    A run without an end whose site nobody trains has died: killed, or its machine was.
    """
    if connection.dialect.name == "postgresql":
        return _is_held_in_postgres(connection, site)
    file = _lock_file(connection.engine.url, site)
    if file is None:
        return True
    try:
        with file.open("rb") as opened:
            return not _taken(opened, fcntl.LOCK_SH)
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _key(site: str) -> tuple[int, int]:
    return _POSTGRES_LOCKS, zlib.crc32(site.encode()) - (1 << 31)  # two signed integers


def _is_held_in_postgres(connection: Connection, site: str) -> bool:
    space, number = _key(site)
    held = text(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2 "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
        "AND classid = CAST(:space AS bigint)::oid AND objid = CAST(:number AS bigint)::oid"
    )
    unsigned = {"space": space, "number": number & 0xFFFFFFFF}
    return bool(connection.execute(held, unsigned).scalar_one())


@contextmanager
def _postgres_lock(engine: Engine, site: str) -> Iterator[bool]:
    key = _key(site)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        mine = bool(connection.execute(select(func.pg_try_advisory_lock(*key))).scalar())
        try:
            yield mine
        finally:
            if mine:
                # A session that is gone holds no lock.
                with suppress(DBAPIError, DatabaseUnreachable):
                    connection.execute(select(func.pg_advisory_unlock(*key)))


@contextmanager
def _file_lock(engine: Engine, site: str) -> Iterator[bool]:
    path = _lock_file(engine.url, site)
    if path is None:
        yield True  # nobody else sees it
        return
    with open_lock_file(path) as file:
        yield any(_tries(file))


def _lock_file(url: URL, site: str) -> Path | None:
    """The file beside the database; None where that is in memory alone."""
    if url.database in (None, "", ":memory:"):
        return None
    return Path(f"{url.database}.training-{quote(site, safe='')}.lock")


def _tries(file: BinaryIO) -> Iterator[bool]:
    """Try again for a moment: who only looks whether it is held holds it meanwhile."""
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(_BETWEEN_TRIES_SECONDS)
        yield _taken(file, fcntl.LOCK_EX)


def _taken(file: BinaryIO, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
