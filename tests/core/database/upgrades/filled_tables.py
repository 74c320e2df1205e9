"""A row in every table of a database, at whatever revision its tables are."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    func,
    insert,
    null,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Connection

from core.database.backup.scope import MADE_BY_TRIGGERS, own_tables

AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
BYTES = bytes(range(256))
TEXT = "é \u202e ☃ \\u0000 \" ' \t\n"

# Where the program itself relies on what stands in a column.
ALONE: dict[str, object] = {
    "site": "stats",
    "verdict": "accepted",
    "state": "open",
    "outcome": "published",
    "kind": "save",
    "event": "suggested",
    "reason": "gate",
    "author_tags": ["regression"],
    "tags": ["regression", "anova"],
    "probabilities": [0.1 + 0.2, 1e-9],
    "suggested_count": 1,
    "predicted_tags": [],
    "first_choice": None,  # NULL, and not JSON's null
    "live": True,
    "pruned_at": None,
    "parked_at": None,
}


def fill_empty_tables(connection: Connection) -> list[str]:
    """Insert a row into each of the program's tables that has none; return their names."""
    rows = counts(connection)
    empty = [name for name in rows if rows[name] == 0 and name not in MADE_BY_TRIGGERS]
    metadata = MetaData()
    metadata.reflect(connection, only=empty)
    for table in metadata.sorted_tables:
        if table.name in empty:
            row = {
                column.name: _value(connection, column)
                for column in table.columns
                if column.computed is None
            }
            connection.execute(insert(table).values(row))
    return empty


def counts(connection: Connection) -> dict[str, int]:
    """How many rows each of the program's tables has."""
    names = [table.name for table in own_tables(connection)]
    count = "SELECT count(*) FROM {}"
    return {name: connection.scalar(text(count.format(name))) or 0 for name in names}


def _value(connection: Connection, column: Column[Any]) -> Any:
    for key in column.foreign_keys:
        return connection.execute(select(func.min(key.column))).scalar_one()
    if column.name in ALONE:
        return null() if ALONE[column.name] is None else ALONE[column.name]
    if column.name in ("question_pk", "model_version_id"):  # refers to none by itself
        return 1
    kind = column.type
    values: tuple[tuple[type, object], ...] = (
        (ARRAY, []),
        (JSON, {"text": TEXT.replace("\\u0000", ""), "number": 0.1 + 0.2}),
        (DateTime, AT if getattr(kind, "timezone", False) else AT.replace(tzinfo=None)),
        (Date, date(2026, 1, 2)),
        (LargeBinary, BYTES),
        (Boolean, True),
        (Float, 0.1 + 0.2),
        (Integer, 1),
    )
    found = next((value for of, value in values if isinstance(kind, of)), TEXT)
    length = getattr(kind, "length", None)
    return found[:length] if isinstance(found, str) and length else found
