"""Questions about arrays, which Postgres has as a type of its own and SQLite as JSON."""

from typing import Any

from sqlalchemy import Boolean, Float, SQLColumnExpression, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.sqltypes import String


class first_of(FunctionElement[float]):  # noqa: N801 (it is written like a function of SQL)
    """The first number of an array, NULL of an empty one.

    where(first_of(Prediction.probabilities) >= 0.9)
    """

    inherit_cache = True
    type = Float(53)

    def __init__(self, numbers: SQLColumnExpression[list[float]]) -> None:
        super().__init__(numbers)


class is_among_first(FunctionElement[bool]):  # noqa: N801 (like first_of)
    """Whether a text is among an array's first ones, so many of them.

    where(is_among_first("regression", Prediction.tags, Prediction.suggested_count))
    """

    inherit_cache = True
    type = Boolean()

    def __init__(
        self, text: str, texts: SQLColumnExpression[list[str]], count: SQLColumnExpression[int]
    ) -> None:
        super().__init__(literal(text, String()), texts, count)


@compiles(first_of)
def _first_of(element: first_of, compiler: SQLCompiler, **options: Any) -> str:
    return f"({compiler.process(element.clauses, **options)})[1]"


@compiles(first_of, "sqlite")
def _first_of_json(element: first_of, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_extract({compiler.process(element.clauses, **options)}, '$[0]')"


@compiles(is_among_first)
def _is_among_first(element: is_among_first, compiler: SQLCompiler, **options: Any) -> str:
    text, texts, count = (compiler.process(part, **options) for part in element.clauses)
    return f"{text} = ANY(({texts})[1:{count}])"


@compiles(is_among_first, "sqlite")
def _is_among_first_of_json(element: is_among_first, compiler: SQLCompiler, **options: Any) -> str:
    text, texts, count = (compiler.process(part, **options) for part in element.clauses)
    each = f"SELECT 1 FROM json_each({texts}) AS one"  # noqa: S608 (compiled clauses, no values)
    return f"EXISTS ({each} WHERE one.key < {count} AND one.value = {text})"
