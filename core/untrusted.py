"""Strangers' text where it is printed or exported: no terminal obeys it, no spreadsheet runs it.

Control characters and what turns the direction of writing become spaces. In CSV, what would be a
formula has an apostrophe before it: at the start of a cell, and behind semicolons and tabs, where
spreadsheets of many countries part cells.
"""

import csv
import re
from collections.abc import Iterable
from typing import TextIO

# All controls but line feed and tab; line and paragraph separators; embeddings, overrides and
# isolates of direction; halves of surrogate pairs, which cannot be encoded.
_CONTROLS = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069\\ud800-\\udfff]"
)

# What spreadsheets take for a formula's start, also in the width of Chinese characters.
_FORMULA = re.compile("((?:^|[;\\t\\n])[ \u00a0\u3000]*)(?=[=+@\uff1d\uff0b\uff0d\uff20-])")


def printable(text: str) -> str:
    """A text as a terminal may show it; line feeds and tabs stay."""
    return _CONTROLS.sub(" ", text)


def harmless(cell: str) -> str:
    """A text as a cell that no spreadsheet runs."""
    return _FORMULA.sub(r"\1'", printable(cell))


def escape_controls(json: str) -> str:
    """JSON as of `json.dumps(ensure_ascii=False)`, in which all controls are escaped."""
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", json)


class CsvWriter:
    """Writes tables for spreadsheets.

        CsvWriter(sys.stdout).write("=1+1", 5, None)  # '=1+1,5,

    Args:
        file: open as text, with newline="" where it is a file.
    """

    def __init__(self, file: TextIO) -> None:
        self._writer = csv.writer(file)

    def write(self, *cells: str | float | None) -> None:
        """Write one row; text becomes harmless, and None an empty cell."""
        self._writer.writerow(harmless(c) if isinstance(c, str) else c for c in cells)

    def write_all(self, rows: Iterable[Iterable[str | float | None]]) -> None:
        """Write several rows."""
        for row in rows:
            self.write(*row)
