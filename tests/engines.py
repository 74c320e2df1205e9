"""Engines of tests, which share what they have compiled and wait for no disk.

SQLAlchemy keeps what it has compiled with an engine, and each test has engines of its own: of a
test's time a third went into compiling what the one before had compiled as well.
"""

import sqlite3
from collections.abc import Iterator, MutableMapping
from contextlib import suppress
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.util import LRUCache

MOST = 3_000


class SharedStatements(MutableMapping[Any, Any]):
    """Kept by the kind of dialect, where SQLAlchemy keeps them by the dialect itself."""

    def __init__(self) -> None:
        self._kept: LRUCache[Any, Any] = LRUCache(MOST)

    def __getitem__(self, key: Any) -> Any:
        return self._kept[_by_kind(key)]

    def __setitem__(self, key: Any, compiled: Any) -> None:
        self._kept[_by_kind(key)] = compiled

    def __delitem__(self, key: Any) -> None:
        del self._kept[_by_kind(key)]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def create_engine(self, *given: Any, **options: Any) -> Engine:
        """What SQLAlchemy's own function makes, with these statements."""
        engine = create_engine(*given, **options)
        engine.update_execution_options(compiled_cache=self)
        if engine.dialect.name == "sqlite":
            event.listen(engine.pool, "checkout", _wait_for_no_disk)
        return engine


def _wait_for_no_disk(connection: sqlite3.Connection, *_: object) -> None:
    """No test cuts the power: each waited 20 ms for its database to be safe from that."""
    with suppress(sqlite3.OperationalError):  # a database that is no file, or is away
        connection.execute("PRAGMA synchronous=OFF")


def _by_kind(key: Any) -> Any:
    dialect, *statement = key
    return (type(dialect), *statement)
