"""Many keys in one statement."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, Boolean, bindparam, literal
from sqlalchemy.engine import Connection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.sqltypes import String


class _is_one_of(FunctionElement[bool]):  # noqa: N801 (as those of core/database/arrays.py)
    """Whether a column of whole numbers is among those that a text lists."""

    inherit_cache = True
    type = Boolean()

    def __init__(self, column: Any, listed: str) -> None:
        super().__init__(column, literal(listed, String()))


def one_of(connection: Connection, column: Any, keys: Iterable[int]) -> ColumnElement[bool]:
    """Whether a column of whole numbers is one of the keys.

        connection.execute(select(Question).where(one_of(connection, Question.id, [1, 2])))

    To Postgres they go as one text, which it takes apart: as a hundred parameters, or as an array
    of Python's, SQLAlchemy and the driver take as long to put the statement together as the server
    to answer it. SQLite takes many in its stride, and chooses an index by them.
    """
    given = sorted(keys)
    if connection.dialect.name == "sqlite":
        listed = bindparam("keys", given, BigInteger(), expanding=True, unique=True)
        return column.in_(listed)  # type: ignore[no-any-return]
    return _is_one_of(column, f"{{{','.join(map(str, given))}}}")


@compiles(_is_one_of)
def _in_array(element: _is_one_of, compiler: SQLCompiler, **options: Any) -> str:
    column, listed = (compiler.process(part, **options) for part in element.clauses)
    return f"{column} = ANY(CAST({listed} AS BIGINT[]))"
