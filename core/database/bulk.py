"""Many rows by one statement: COPY on Postgres, one executemany on SQLite."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy.engine import Connection

from core.database.engine import explain_unreachable
from core.database.tables import Table
from core.errors import DatabaseUnreachable


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
    driver: Any = connection.connection
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                line = as_copied(row)
                if line is None:
                    copy.write_row(row)
                else:
                    copy.write(line)
    except connection.dialect.loaded_dbapi.OperationalError as error:
        # Past SQLAlchemy, which would have told the same (core/database/engine.py).
        connection.invalidate(error)
        raise DatabaseUnreachable(explain_unreachable(connection.engine, error)) from error


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
    datetime: str,
    list: _copied_list,
}
