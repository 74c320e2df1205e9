"""The lock of refilling, in the database: for brokers that have none."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import DBAPIError

from core.clock import Clock
from core.errors import DatabaseUnreachable
from core.new_file import open_lock_file

LOCK_SECONDS: Final = 20  # after which a refiller counts as dead
_POSTGRES_LOCK: Final = 0x7A66E4  # of our own: in Postgres' space of single numbers
_PAUSE_SECONDS: Final = 0.05


def refill_lock(engine: Engine, clock: Clock, patience: float) -> AbstractContextManager[bool]:
    """Hold the lock; whether it was to be had within so many seconds.

    It is an advisory lock of a transaction of Postgres, which the server ends after LOCK_SECONDS,
    or one of the file system beside the SQLite file, which ends with the process.
    """
    lock = _postgres_lock if engine.dialect.name == "postgresql" else _file_lock
    return lock(engine, clock, patience)


@contextmanager
def _postgres_lock(engine: Engine, clock: Clock, patience: float) -> Iterator[bool]:
    connection = engine.connect()
    try:
        limit = f"SET LOCAL idle_in_transaction_session_timeout = {LOCK_SECONDS * 1000:.0f}"
        connection.execute(text(limit))
        ask = select(func.pg_try_advisory_xact_lock(_POSTGRES_LOCK))
        yield _try_for(lambda: bool(connection.execute(ask).scalar()), clock, patience)
    finally:
        # The server may have ended it, which took too long.
        with suppress(DatabaseUnreachable, DBAPIError):
            connection.close()


@contextmanager
def _file_lock(engine: Engine, clock: Clock, patience: float) -> Iterator[bool]:
    database = engine.url.database
    if database in (None, "", ":memory:"):
        yield True  # nobody else sees it
        return
    with open_lock_file(Path(f"{database}.refill.lock")) as file:

        def take() -> bool:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        yield _try_for(take, clock, patience)


def _try_for(take: Callable[[], bool], clock: Clock, patience: float) -> bool:
    for _ in range(round(patience / _PAUSE_SECONDS)):
        if take():
            return True
        clock.sleep(_PAUSE_SECONDS)
    return take()
