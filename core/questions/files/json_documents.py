"""Questions in one JSON document: an array of them, answers of the API, or objects over many lines.

    [{"question_id": 6, …}, {"question_id": 7, …}]
    {"items": [{"question_id": 6, …}], "has_more": false}

Each question is cut out where its brackets close, and parsed on its own, so memory stays that of
one, and a question that is no JSON is one broken row.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from io import BufferedReader

from core.questions.files.json_lines import rows_of
from core.questions.files.lines import DAMAGES, MAX_ROW_BYTES, Line, explain_damage
from core.questions.files.rows import Row, Source

_READ_BYTES = 2**16

MAX_TEXT_BYTES = 4 * MAX_ROW_BYTES  # what is longer is no text, but what a lost mark has made one

_TOKEN_START = re.compile(rb'["{}\[\]]')
_ITEMS = b'"items"'
_BACKSLASH = ord("\\")


class _Kind(Enum):
    LIST = auto()  # its elements are questions, or answers with questions
    ANSWER = auto()
    QUESTION = auto()
    INNER = auto()  # anything inside of a question, or in an answer beside its items


@dataclass(slots=True)
class _Open:
    """A bracket that has not closed yet.

    Attributes:
        kind: what it holds.
        start: of a question: where it begins in the buffer, or None where it is too long.
        line: on which it begins.
    """

    kind: _Kind
    start: int | None = None
    line: int = 0


def read_json_document(stream: BufferedReader, source: Source) -> Iterator[Row]:
    """Yield the questions of a document and what of it is broken."""
    reader = _Reader(source)
    damage = None
    while damage is None:
        try:
            block = stream.read1(_READ_BYTES)
        except DAMAGES as error:
            damage = explain_damage(error)
        else:
            if not block:
                break
            yield from reader.read(block)
            if reader.is_stuck:
                damage = "a quotation mark does not close here: what follows cannot be read"
    if damage is None and not reader.is_whole:
        damage = "the file is cut off, or a bracket or a quotation mark in it does not close"
    if damage is not None:
        yield source.broken(reader.line, damage)


class _Reader:
    """Reads what comes block by block.

    Attributes:
        line: of the place where it is.
    """

    def __init__(self, source: Source) -> None:
        self.line = 1
        self._source = source
        self._buffer = bytearray()
        self._read = 0  # of the buffer
        self._searched = 0  # up to here it holds no end of the text at hand
        self._open: list[_Open] = []
        self._last_text = b""

    @property
    def is_whole(self) -> bool:
        """Whether all brackets and texts have closed."""
        return not self._open and b'"' not in self._buffer[self._read :]

    @property
    def is_stuck(self) -> bool:
        """Whether it waits for the end of something that is too long to be a text."""
        return len(self._buffer) - self._read > MAX_TEXT_BYTES

    def read(self, block: bytes) -> Iterator[Row]:
        """Take the next bytes; yield the questions that have ended."""
        self._buffer += block
        while (token := _TOKEN_START.search(self._buffer, self._read)) is not None:
            start, end = token.start(), token.end()
            if token[0] == b'"' and (end := self._end_of_text(start)) < 0:
                break
            self.line += self._buffer.count(b"\n", self._read, end)
            self._read = end
            yield from self._take(bytes(self._buffer[start:end]), start)
        yield from self._forget()

    def _end_of_text(self, start: int) -> int:
        """Where a text ends that begins there; below 0 where its end has not come yet."""
        end = self._buffer.find(b'"', max(start + 1, self._searched))
        while end >= 0:
            before = end
            while self._buffer[before - 1] == _BACKSLASH:
                before -= 1
            if (end - before) % 2 == 0:
                return end + 1
            end = self._buffer.find(b'"', end + 1)
        self._searched = len(self._buffer)
        return end

    def _take(self, token: bytes, start: int) -> Iterator[Row]:
        if token in b"{[":
            self._open.append(self._opened(token, start))
        elif token not in b"}]":
            self._last_text = token
        elif self._open:
            closed = self._open.pop()
            if closed.kind is _Kind.QUESTION and closed.start is not None:
                content = bytes(self._buffer[closed.start : self._read])
                of_api = any(outer.kind is _Kind.ANSWER for outer in self._open)
                yield from rows_of(Line(closed.line, content), self._source, of_api=of_api)
        else:
            yield self._source.broken(self.line, f"a {token.decode()} too many")

    def _opened(self, bracket: bytes, start: int) -> _Open:
        outer = self._open[-1] if self._open else _Open(_Kind.LIST)
        if outer.kind is _Kind.LIST:
            is_list = bracket == b"["
            return _Open(_Kind.LIST) if is_list else _Open(_Kind.QUESTION, start, self.line)
        if bracket == b"[" and self._last_text == _ITEMS and outer.kind is not _Kind.INNER:
            outer.kind = _Kind.ANSWER
            return _Open(_Kind.LIST)
        return _Open(_Kind.INNER)

    def _forget(self) -> Iterator[Row]:
        """Drop what has been read, but for the question at hand where it is not too long."""
        kept = self._read
        for question in self._open:
            if question.kind is _Kind.QUESTION and question.start is not None:
                if len(self._buffer) - question.start <= MAX_ROW_BYTES:
                    kept = question.start  # there is one at most
                else:
                    question.start = None
                    reason = f"an object of more than {MAX_ROW_BYTES // 2**20} MiB"
                    yield self._source.broken(question.line, reason)
        del self._buffer[:kept]
        self._read -= kept
        self._searched -= kept
        for question in self._open:
            if question.start is not None:
                question.start -= kept
