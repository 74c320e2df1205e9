"""Many keys as one parameter of a statement, whose text is then the same for any number of them."""

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Boolean, Text, literal
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine


def one_of(column: Any, keys: Iterable[int]) -> ColumnElement[bool]:
    """Whether a column of whole numbers is one of the keys.

    `in_()` gives each key a parameter of its own: for a hundred of them the drivers take as long to
    put the statement together as the database to answer it.
    """
    return _OneOf(column, literal(sorted(keys), _Keys()))


class _Keys(TypeDecorator[list[int]]):
    """Whole numbers: an array on Postgres, a text of JSON on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """What the database takes."""
        kind: TypeEngine[Any] = ARRAY(BigInteger) if dialect.name == "postgresql" else Text()
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: list[int] | None, dialect: Dialect) -> Any:
        """What the driver takes."""
        return value if dialect.name == "postgresql" else json.dumps(value)


class _OneOf(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True


@compiles(_OneOf, "postgresql")
def _any(element: _OneOf, compiler: SQLCompiler, **options: Any) -> str:
    column, keys = element.clauses
    return f"{compiler.process(column, **options)} = ANY ({compiler.process(keys, **options)})"


@compiles(_OneOf, "sqlite")
def _in_json(element: _OneOf, compiler: SQLCompiler, **options: Any) -> str:
    column, keys = element.clauses
    given = compiler.process(keys, **options)
    return f"{compiler.process(column, **options)} IN (SELECT value FROM json_each({given}))"
