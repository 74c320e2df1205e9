"""Many keys in one statement."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ARRAY, BigInteger, any_, literal
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement


def one_of(connection: Connection, column: Any, keys: Iterable[int]) -> ColumnElement[bool]:
    """Whether a column of whole numbers is one of the keys.

        connection.execute(select(Question).where(one_of(connection, Question.id, [1, 2])))

    To Postgres they go as one parameter: with a hundred of them the driver takes as long to put the
    statement together as the database to answer it. SQLite takes many in its stride, and chooses
    an index by them.
    """
    given = sorted(keys)
    if connection.dialect.name == "sqlite":
        return column.in_(given)  # type: ignore[no-any-return]
    return column == any_(literal(given, ARRAY(BigInteger)))  # type: ignore[no-any-return]
