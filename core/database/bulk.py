"""Many rows by one statement: COPY or arrays on Postgres, one executemany on SQLite."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, Text, cast, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Connection

from core.database.engine import driven
from core.database.tables import Table


def insert_rows(
    connection: Connection,
    table: type[Table],
    columns: Sequence[str],
    rows: Iterable[tuple[Any, ...]],
) -> None:
    """Insert rows as they are: no column's default or conversion of Python's applies.

        insert_rows(connection, QuestionTag, ["question_pk", "tag"], [(1, "bayesian")])

    Args:
        connection: in a transaction; commits nothing.
        table: where to.
        columns: names of the columns that are given.
        rows: the values, as the driver takes them: times for SQLite as bound() gives them.

    Raises:
        DatabaseUnreachable: it was lost meanwhile.
    """
    insert_raw(connection, table.__tablename__, columns, rows)


def insert_raw(
    connection: Connection, table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]
) -> None:
    """Insert rows into a table of that name, as insert_rows() does."""
    if connection.dialect.name == "sqlite":
        _execute_many(connection, table, columns, list(rows))
    else:
        _copy(connection, table, columns, rows)


def bound(connection: Connection, table: type[Table], column: str, value: object) -> Any:
    """A value as the driver takes it for a column."""
    return binder(connection, table, column)(value)


def binder(connection: Connection, table: type[Table], column: str) -> Callable[[Any], Any]:
    """Return what makes of a value what the driver takes for a column."""
    kind = table.__table__.c[column].type
    convert = kind.dialect_impl(connection.dialect).bind_processor(connection.dialect)
    return convert or (lambda value: value)


def _execute_many(
    connection: Connection,
    table: str,
    columns: Sequence[str],
    rows: list[tuple[Any, ...]],
) -> None:
    if rows:
        places = ", ".join("?" * len(columns))
        names = ", ".join(columns)
        connection.exec_driver_sql(
            f"INSERT INTO {table} ({names}) VALUES ({places})",  # noqa: S608
            rows,
        )


def _copy(
    connection: Connection,
    table: str,
    columns: Sequence[str],
    rows: Iterable[tuple[Any, ...]],
) -> None:
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
    with (
        driven(connection) as driver,
        driver.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        for row in rows:
            line = as_copied(row)
            if line is None:
                copy.write_row(row)
            else:
                copy.write(line)


def as_copied(row: tuple[Any, ...]) -> str | None:
    """A row's line as COPY reads it; None where a value is of a kind that the driver is to write.

    The driver takes twice as long for a row of two arrays.
    """
    try:
        return "\t".join([_COPIED[type(value)](value) for value in row]) + "\n"
    except KeyError:
        return None


def _copied_text(text: str) -> str:
    for plain, escaped in _ESCAPES:
        if plain in text:
            text = text.replace(plain, escaped)
    return text


def _copied_list(values: list[Any]) -> str:
    if _NUMBERS.issuperset(map(type, values)):
        return f"{{{str(values)[1:-1]}}}"
    return "{" + ",".join([_LISTED[type(value)](value) for value in values]) + "}"


@lru_cache(1024)  # tags come again and again
def _listed_text(text: str) -> str:
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_copied_text(text)}"'


_ESCAPES = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))
_NUMBERS = frozenset({int, float})
_LISTED: dict[type, Callable[[Any], str]] = {str: _listed_text}
_COPIED: dict[type, Callable[[Any], str]] = {
    type(None): lambda _: "\\N",
    str: _copied_text,
    int: str,
    float: repr,
    datetime: lambda at: str(_with_zone(at)),
    list: _copied_list,
}


def given_rows(
    table: type[Table], columns: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> Select[Any]:
    """Return a SELECT of rows that are given, for an INSERT that needs more than COPY can.

        insert.from_select(columns, given_rows(Question, columns, rows))

    Each column goes as one text, which Postgres takes apart. As parameters, 500 rows of 18 columns
    are 9,000, of which SQLAlchemy and the driver put a new statement together each time, for longer
    than Postgres takes to answer it.

    Args:
        table: whose columns' types they have; an array is none of them.
        columns: their names.
        rows: by column.
    """
    kinds = {name: table.__table__.c[name].type for name in columns}
    listed = (
        cast(literal(_array_of(row[name] for row in rows), Text()), ARRAY(kind))
        for name, kind in kinds.items()
    )
    given = func.unnest(*listed).table_valued(*columns, name="given").render_derived()
    return select(*(cast(given.c[name], kind) for name, kind in kinds.items()))


def _array_of(values: Iterable[Any]) -> str:
    """The text of an array, as Postgres reads it."""
    return "{" + ",".join([_OF_ARRAY[type(value)](value) for value in values]) + "}"


def _quoted(text: str) -> str:
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    if '"' in text:
        text = text.replace('"', '\\"')
    return f'"{text}"'


def _with_zone(at: datetime) -> datetime:
    """As UtcDateTime: a time without a zone would be taken for one of the session's zone."""
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone")
    return at


_OF_ARRAY: dict[type, Callable[[Any], str]] = {
    type(None): lambda _: "NULL",
    str: _quoted,
    int: str,
    datetime: lambda at: f'"{_with_zone(at)}"',
    list: lambda values: _quoted(json.dumps(values)),
    dict: lambda values: _quoted(json.dumps(values)),
}
