"""The physical lines of a file, numbered, whatever state the file is in."""

import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO, NamedTuple

MAX_ROW_BYTES = 4 * 2**20  # a body of 30,000 characters, the sites' limit, needs a twentieth of it

MOST_IDLE = 1_000_000  # lines or marks behind each other of which no question comes

BOM = b"\xef\xbb\xbf"

DAMAGES = (OSError, EOFError, zlib.error)


class Line(NamedTuple):
    """A line, or why there is none.

    Attributes:
        number: from 1.
        content: with its line feed; empty where there is a problem.
        problem: why the line cannot be used.
    """

    number: int
    content: bytes
    problem: str | None = None


def numbered_lines(stream: BinaryIO) -> Iterator[Line]:
    """Yield a stream's lines without its byte order mark.

    A line longer than MAX_ROW_BYTES is passed over and reported. Where the stream is damaged, what
    could be read before is yielded, and the last line says what the damage is.
    """
    number = 0
    while True:
        number += 1
        try:
            content = stream.readline(MAX_ROW_BYTES + 1)
            too_long = len(content) > MAX_ROW_BYTES
            if too_long:
                _skip_rest(stream, content)
        except DAMAGES as error:
            yield Line(number, b"", explain_damage(error))
            return
        if not content:
            return
        if too_long:
            yield Line(number, b"", f"a line of more than {MAX_ROW_BYTES // 2**20} MiB")
        else:
            yield Line(number, content.removeprefix(BOM) if number == 1 else content)


def decode(content: bytes) -> str:
    """A row as text: UTF-8, or else what browsers take for Latin-1: Windows-1252, with its dashes.

    It is decided row by row: nothing has to be read ahead, and files of mixed origin come right.
    A row of UTF-8 in which few bytes are damaged stays one, with marks in their place.
    """
    with suppress(UnicodeDecodeError):
        return content.decode("utf-8")
    text = content.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    if sum(not character.isascii() for character in text) > 2 * damaged:
        return text
    with suppress(UnicodeDecodeError):
        return content.decode("cp1252")
    return content.decode("latin-1")


def explain_damage(error: Exception) -> str:
    """What is said of the place where a file cannot be read any further."""
    return f"the file is damaged or cut off here: {error}"


def _skip_rest(stream: BinaryIO, content: bytes) -> None:
    while content and not content.endswith(b"\n"):
        content = stream.readline(MAX_ROW_BYTES)
