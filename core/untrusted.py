"""What strangers write: bounded before it is parsed, harmless where it is printed or exported.

Control characters and what turns the direction of writing become spaces: no terminal obeys them. In
CSV, what a spreadsheet would run as a formula has an apostrophe before it: at the start of a cell,
and behind semicolons and tabs, where spreadsheets of many countries part cells.

JSON is counted before it is parsed. Of `[],` a megabyte becomes 24 MB of Python's objects, so a
bound on bytes alone bounds nothing.
"""

import csv
import json
import re
from collections.abc import Iterable
from typing import Any, Final, TextIO

MOST_VALUES: Final = 100_000  # of one text; a hundred questions of the API have some 5,000
LONGEST_TAG: Final = 100  # characters; the sites allow 35
MOST_DEPTH: Final = 32  # brackets in each other; those of the API's answers are six deep

# A text with its quotation marks, or what is left of one that does not end; read once, forwards.
_JSON_TEXT = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_SHORT: Final = 2**20  # bytes of JSON that may be cut into pieces at once: faster, a piece is 40
_NO_MARKS: Final = bytes(set(range(256)) - set(b",:[]{}"))

# All controls but line feed and tab; line and paragraph separators; embeddings, overrides and
# isolates of direction; halves of surrogate pairs, which cannot be encoded.
_CONTROLS = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069\\ud800-\\udfff]"
)

# What spreadsheets take for a formula's start, also in the width of Chinese characters.
_FORMULA = re.compile("((?:^|[;\\t\\n])[ \u00a0\u3000]*)(?=[=+@\uff1d\uff0b\uff0d\uff20-])")


class JsonTooLarge(ValueError):
    """JSON that would become more than anything honest; the text says in what way."""


def check_json(data: bytes, *, values: int = MOST_VALUES, depth: int = MOST_DEPTH) -> None:
    """Refuse JSON that would take much more memory than its bytes do.

    Looks at each byte a few times and parses nothing, so the bytes need not be JSON.

    Args:
        data: in UTF-8.
        values: half of the commas, colons and brackets that there may be outside of texts; each
            value has one before it.
        depth: how many brackets may stand in each other.

    Raises:
        JsonTooLarge: there are more.
    """
    opening = data.count(b"[") + data.count(b"{")
    if opening <= depth and opening + data.count(b",") + data.count(b":") <= values:
        return  # also with those inside of texts: an ordinary question
    frame = _frame(data, values)
    level = 0
    for mark in frame.translate(None, b",:"):
        level += 1 if mark in b"[{" else -1
        if level > depth:
            raise JsonTooLarge(f"more than {depth} brackets in each other")


def _frame(data: bytes, values: int) -> bytes:
    """The commas, colons and brackets of JSON that stand outside of texts.

    Raises:
        JsonTooLarge: they, or the texts, are too many.
    """
    if len(data) <= _SHORT:
        frame = bytearray(_JSON_TEXT.sub(b"", data).translate(None, _NO_MARKS))
        if len(frame) <= 2 * values:
            return bytes(frame)
    frame, end = bytearray(), 0
    for number, text in enumerate(_JSON_TEXT.finditer(data)):
        frame += data[end : text.start()].translate(None, _NO_MARKS)
        end = text.end()
        if max(number, len(frame) / 2) > values:
            break
    else:
        frame += data[end:].translate(None, _NO_MARKS)
        if len(frame) <= 2 * values:  # with the brackets that close
            return bytes(frame)
    raise JsonTooLarge(f"more than {values:,} values, as nothing honest has")


def load_json(data: bytes, *, values: int = MOST_VALUES, depth: int = MOST_DEPTH) -> Any:
    """Parse JSON of a stranger, as far as check_json() lets it.

    Raises:
        ValueError: it is too large (JsonTooLarge), not UTF-8, or no JSON.
    """
    check_json(data, values=values, depth=depth)
    return json.loads(data.decode("utf-8-sig", "surrogatepass"))


def one_line(text: str) -> str:
    """A text as one line of a log may quote it: without controls, and no line of its own.

    Spaces in a row become one: columns stand below each other on terminals only.
    """
    return " ".join(printable(text).split())


def is_readable(tag: str) -> bool:
    """Whether a tag is of a sane length, shows all of it and holds no space: another is none.

    Exports and files part tags by spaces.
    """
    return 0 < len(tag) <= LONGEST_TAG and tag.isprintable() and " " not in tag


def printable(text: str) -> str:
    """A text as a terminal may show it; line feeds and tabs stay."""
    return _CONTROLS.sub(" ", text)


def harmless(cell: str) -> str:
    """A text as a cell that no spreadsheet runs."""
    return _FORMULA.sub(r"\1'", printable(cell))


def escape_controls(text: str) -> str:
    """JSON as of `json.dumps(ensure_ascii=False)`, in which all controls are escaped."""
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


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
