"""Words in texts, found in whatever case they are written, by SQLite as by Postgres.

SQLite's `lower()` knows ASCII alone, and so would find `ÉCOLE` by none but `ÉCOLE`.
"""

import sqlite3
from typing import Any

from sqlalchemy import Boolean, ColumnElement, SQLColumnExpression, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.sqltypes import String

_FUNCTION = "tagger_holds_word"


def holds_word(text: SQLColumnExpression[str], word: str) -> ColumnElement[bool]:
    """Whether a text holds a word, as part of another one too, in upper or lower case.

    where(holds_word(Question.title, "école"))  # finds "L'ÉCOLE"
    """
    everywhere = text.icontains(word, autoescape=True)
    # Of a word in ASCII SQLite's own functions are right, and call no Python for each row.
    return everywhere if word.isascii() else _HoldsWord(everywhere, text, word)


def add_functions(connection: sqlite3.Connection) -> None:
    """Let a connection to SQLite understand holds_word()."""
    connection.create_function(_FUNCTION, 2, _is_held, deterministic=True)


def _is_held(text: bytes | None, word: str) -> bool | None:
    return None if text is None else word in text.decode(errors="replace").casefold()


class _HoldsWord(FunctionElement[bool]):
    inherit_cache = True
    type = Boolean()

    def __init__(
        self, everywhere: ColumnElement[bool], text: SQLColumnExpression[str], word: str
    ) -> None:
        super().__init__(everywhere, text, literal(word.casefold(), String()))


@compiles(_HoldsWord)
def _compile(element: _HoldsWord, compiler: SQLCompiler, **options: Any) -> str:
    everywhere, _, _ = element.clauses
    return compiler.process(everywhere, **options)


@compiles(_HoldsWord, "sqlite")
def _compile_for_sqlite(element: _HoldsWord, compiler: SQLCompiler, **options: Any) -> str:
    _, text, word = (compiler.process(part, **options) for part in element.clauses)
    # As bytes: of a text in another encoding, a function would get nothing but an error.
    return f"{_FUNCTION}(CAST({text} AS BLOB), {word})"
