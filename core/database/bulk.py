"""Many rows by one statement: COPY on Postgres, one executemany on SQLite."""

from collections.abc import Iterable, Sequence
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
    kind = table.__table__.c[column].type
    convert = kind.dialect_impl(connection.dialect).bind_processor(connection.dialect)
    return value if convert is None else convert(value)


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
                copy.write_row(row)
    except connection.dialect.loaded_dbapi.OperationalError as error:
        # Past SQLAlchemy, which would have told the same (core/database/engine.py).
        connection.invalidate(error)
        raise DatabaseUnreachable(explain_unreachable(connection.engine, error)) from error
