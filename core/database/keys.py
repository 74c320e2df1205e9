"""Many keys in one statement."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Select,
    SQLColumnExpression,
    TableValuedAlias,
    bindparam,
    func,
    literal,
    literal_column,
    select,
    text,
    true,
)
from sqlalchemy.engine import Connection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import UserDefinedType

CHUNK: Final = 500  # keys that a statement looks up: so few that a plan by their index is sure
HELD: Final = 20_000  # keys that a statement holds in memory; a hash of them takes 5 ms


class _Listed(UserDefinedType[str]):
    """A text that Postgres is given as an array.

    To cast a parameter that is a text would be an expression, worked out anew for each row.
    """

    cache_ok = True
    render_bind_cast = True

    def get_col_spec(self, **_: Any) -> str:
        """Its name in SQL."""
        return "BIGINT[]"


class _is_one_of(FunctionElement[bool]):  # noqa: N801 (as those of core/database/arrays.py)
    """Whether a column of whole numbers is among those that a text lists."""

    inherit_cache = True
    type = Boolean()

    def __init__(self, column: Any, listed: str) -> None:
        super().__init__(column, literal(listed, _Listed()))


def in_chunks(keys: Sequence[int]) -> Iterator[Sequence[int]]:
    """Keys in their order, CHUNK at most at a time."""
    return (keys[start : start + CHUNK] for start in range(0, len(keys), CHUNK))


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
    return _is_one_of(column, _list(given))


def each_of(keys: Iterable[int]) -> TableValuedAlias:
    """Return keys as a table of one column, `key`, on Postgres."""
    listed = literal(_list(keys), _Listed())
    return func.unnest(listed).table_valued("key", name="given").render_derived()


def _list(keys: Iterable[int]) -> str:
    return f"{{{','.join(map(str, keys))}}}"


def are_at_most(connection: Connection, keys: Select[int], most: int) -> bool:
    """Whether a SELECT gives no more rows than these; no more of them are looked at."""
    found = select(func.count()).select_from(keys.limit(most + 1).subquery())
    return (connection.scalar(found) or 0) <= most


def is_held(
    column: SQLColumnExpression[int], keys: Select[int], *, most: int
) -> ColumnElement[bool]:
    """Whether a column of whole numbers is among the keys of a SELECT, which is run once.

    Its keys are held in memory for the statement: what follows asks nothing of the table for each
    row. No plan leads by them, or makes a join of them.

    Args:
        column: of the rows that the statement walks through.
        keys: none of them NULL.
        most: no more keys are held, and any of those beyond are left out; where they were counted
            by an earlier statement, leave room for what has come since. Of a number that Postgres
            does not see when it plans, or that its work_mem does not hold (some 100,000), it would
            go through all keys for each row.
    """
    held = keys.limit(literal_column(str(most)))
    return column.in_(held).is_(true())


def plan_anew(connection: Connection) -> None:
    """Let Postgres plan each statement of this transaction for the tables as they are now.

    Of a statement that comes again and again it keeps the plan, until somebody analyses the tables:
    that of a table that was empty reads all of it, when it holds a million rows.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))


@compiles(_is_one_of)
def _in_array(element: _is_one_of, compiler: SQLCompiler, **options: Any) -> str:
    column, listed = (compiler.process(part, **options) for part in element.clauses)
    return f"{column} = ANY({listed})"
