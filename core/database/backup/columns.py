"""How a column's values stand in a backup, whichever kind of database they come from or go to.

Times are ISO's text in UTC, bytes are base64; numbers, texts, lists and objects are JSON's own.
Values are converted by the types of the tables as they are, not by those of the code, which may be
of another revision; and past SQLAlchemy, row by row, of which there may be millions.
"""

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

from sqlalchemy import JSON, Boolean, Date, DateTime, LargeBinary
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeEngine

from core.database.backup.scope import StoredTable

Convert = Callable[[Any], Any]

# What a value that is none of its column's raises, here or in the driver; a time before the year 1
# is an OverflowError, as is a number that no column holds.
WRONG_VALUE: Final = (TypeError, ValueError, AttributeError, OverflowError)

CHUNK: Final = 100  # rows that are in memory at once, of which one may be a long text
CHUNK_OF_BYTES: Final = 4


def chunk_of(table: StoredTable) -> int:
    """How many rows of a table may be in memory at once."""
    has_bytes = any(isinstance(kind, LargeBinary) for kind in table.columns.values())
    return CHUNK_OF_BYTES if has_bytes else CHUNK


def to_json(table: StoredTable, dialect: str) -> Callable[[Sequence[Any]], list[Any]]:
    """Return what makes a row as the driver gives it one of JSON's."""
    ways = _FROM_SQLITE if dialect == "sqlite" else _FROM_POSTGRES
    return _converter([ways.get(_kind(kind)) for kind in table.columns.values()])


def from_json(table: StoredTable, columns: Sequence[str], dialect: str) -> Callable[[Any], Any]:
    """Return what makes a row of JSON's one that the driver takes.

    The converter raises one of WRONG_VALUE where a value is none of its column's.
    """
    ways = _INTO_SQLITE if dialect == "sqlite" else _INTO_POSTGRES
    return _converter([ways[_kind(table.columns[name])] for name in columns])


def _converter(ways: Sequence[Convert | None]) -> Callable[[Sequence[Any]], list[Any]]:
    changed = [(place, way) for place, way in enumerate(ways) if way is not None]

    def convert(row: Sequence[Any]) -> list[Any]:
        values = list(row)
        for place, way in changed:
            if values[place] is not None:
                values[place] = way(values[place])
        return values

    return convert


def _kind(of: TypeEngine[Any]) -> str:
    kinds: tuple[tuple[type[TypeEngine[Any]], str], ...] = (
        (ARRAY, "array"), (JSON, "json"), (DateTime, "time"), (Date, "date"),
        (LargeBinary, "bytes"), (Boolean, "truth"),
    )  # fmt: skip
    return next((name for kind, name in kinds if isinstance(of, kind)), "plain")


def _told_time(value: str | datetime) -> str:
    time = datetime.fromisoformat(value) if isinstance(value, str) else value
    aware = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    return aware.isoformat()


def _time(value: Any) -> datetime:
    time = datetime.fromisoformat(value)
    if time.tzinfo is None:
        raise ValueError(f"{value} has no time zone")
    return time.astimezone(UTC)


def _bytes(value: Any) -> bytes:
    return base64.b64decode(value, validate=True)


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is neither true nor false")
    return value


def _plain(value: Any) -> str | int | float:
    if not isinstance(value, str | int | float):
        raise TypeError("a list or an object stands where none should")
    return value


def _plain_for_postgres(value: Any) -> str | int | float:
    plain = _plain(value)
    return plain.replace("\0", "") if isinstance(plain, str) else plain  # as store() does


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("no list stands where one should")
    return value


def _sqlite_time(value: Any) -> str:
    return _time(value).replace(tzinfo=None).isoformat(" ", "microseconds")


def _without_zeros(value: Any) -> Any:
    """JSON without the one character that Postgres takes in no text."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, list):
        return [_without_zeros(item) for item in value]
    if isinstance(value, dict):
        return {_without_zeros(key): _without_zeros(item) for key, item in value.items()}
    return value


def _postgres_json(value: Any) -> str:
    text = json.dumps(value)
    return json.dumps(_without_zeros(value)) if "\\u0000" in text else text


_FROM_POSTGRES: Final[dict[str, Convert]] = {
    "time": _told_time,
    "date": str,
    "bytes": lambda value: base64.b64encode(value).decode("ascii"),
}
_FROM_SQLITE: Final = _FROM_POSTGRES | {"json": json.loads, "truth": bool}
_INTO_SQLITE: Final[dict[str, Convert]] = {
    "json": json.dumps,  # as SQLAlchemy writes it
    "time": _sqlite_time,
    "date": lambda value: date.fromisoformat(value).isoformat(),
    "bytes": _bytes,
    "truth": lambda value: int(_truth(value)),
    "plain": _plain,
}
_INTO_POSTGRES: Final[dict[str, Convert]] = {
    "array": lambda value: _without_zeros(_list(value)),
    "json": _postgres_json,
    "time": _time,
    "date": date.fromisoformat,
    "bytes": _bytes,
    "truth": _truth,
    "plain": _plain_for_postgres,
}


def in_chunks(rows: Iterator[Any], size: int) -> Iterator[list[Any]]:
    """The rows in lists of at most that many."""
    chunk: list[Any] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
