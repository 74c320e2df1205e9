"""Questions in one JSON document: an array of them, answers of the API, or objects over many lines.

    [{"question_id": 6, …}, {"question_id": 7, …}]
    {"items": [{"question_id": 6, …}], "has_more": false}

Each question is cut out where its brackets close, and parsed on its own, so memory stays that of
one, and a question that is no JSON is one broken row. A stray quotation mark or a missing bracket
costs no other question: reading starts again at the next one, which is where a line begins as a
question's does, or where within a line an object begins with a field that begins questions. No
text holds such a beginning, since its quotation marks would be escaped.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from io import BufferedReader

from core.questions.files.api_items import WRAPPERS
from core.questions.files.json_beginnings import Beginnings
from core.questions.files.json_lines import is_json, rows_of
from core.questions.files.lines import DAMAGES, MAX_ROW_BYTES, Line, explain_damage
from core.questions.files.rows import BrokenRow, Row, Source

_READ_BYTES = 2**16

MAX_TEXT_BYTES = 4 * MAX_ROW_BYTES  # what is longer is no text, but what a lost mark has made one
MOST_IDLE = 5_000_000  # brackets of which no question comes: those of what stands beside questions
MOST_OPEN = 2**17  # brackets in each other, of which those of lost text may make some

_TOKEN_START = re.compile(rb'["{}\[\]]')
_ITEMS = b'"items"'
_WRAPPERS = frozenset(f'"{name}"'.encode() for name in WRAPPERS)
_ID = b'"question_id"'
_BACKSLASH = ord("\\")

_INDENTATION = re.compile(rb"[ \t\[]*")
_MOST_INDENTATION = 64
_KEPT_BYTES = 128  # of what has been read: more than the beginning of a question


class _Kind(Enum):
    LIST = auto()  # its elements are questions, or answers with questions
    ITEMS = auto()  # a list that becomes one, and what is around it an answer, by its first object
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
        has_id: whether it is a question by its own number, and no answer of the API.
        of_api: whether it is an answer of the API, or its items.
    """

    kind: _Kind
    start: int | None = None
    line: int = 0
    has_id: bool = False
    of_api: bool = False


_INNER = _Open(_Kind.INNER)  # one for all, of which nothing else is asked: there may be many


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
            damage = reader.trouble
    yield from reader.read_lost()
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
        self._question: int | None = None  # its place among what is open; there is one at most
        self._around: list[_Open] = []  # what was open around the last question without faults
        self._last_text = b""
        self._beginnings = Beginnings()
        self._floor = 0  # of the buffer: up to here nothing has been swallowed
        self._idle = 0  # brackets since the last question
        self._is_damaged = False  # brackets or quotation marks have been found to be lost

    @property
    def is_whole(self) -> bool:
        """Whether all brackets and texts have closed."""
        return not self._open and b'"' not in self._buffer[self._read :]

    @property
    def trouble(self) -> str | None:
        """What it cannot read on behind, if there is anything."""
        if len(self._buffer) - self._read > MAX_TEXT_BYTES:
            return "a quotation mark does not close here: what follows cannot be read"
        if len(self._open) > MOST_OPEN:
            return "too many brackets are open here: what follows cannot be read"
        if self._idle > MOST_IDLE:
            return f"{MOST_IDLE:,} brackets without a question: what follows is not read"
        return None

    def read(self, block: bytes) -> Iterator[Row]:
        """Take the next bytes; yield the questions that have ended."""
        self._buffer += block
        yield from self._read_tokens()
        while (start := self._start()) is not None and len(self._buffer) - start > MAX_ROW_BYTES:
            yield from self._give_up(start)
            yield from self._read_tokens()
        self._forget()

    def read_lost(self) -> Iterator[Row]:
        """Yield what an open bracket or text has swallowed, at the end of all bytes."""
        while not self.is_whole:
            start = self._start()
            place = self._next(self._read if start is None else start, len(self._buffer))
            if place is None:
                break
            yield from self._start_again(place)
            yield from self._read_tokens()

    def _read_tokens(self) -> Iterator[Row]:
        while (token := _TOKEN_START.search(self._buffer, self._read)) is not None:
            start, end = token.span()
            is_text = token[0] == b'"'
            if is_text and (end := self._end_of_text(start)) < 0:
                break
            place = None
            if self._may_be_lost(is_text=is_text):
                place = self._next(self._read, end, certain=self._question is not None)
            if place is not None:
                yield from self._start_again(place)
                continue
            self._go_to(end)
            yield from self._take(bytes(self._buffer[start:end]), start)

    def _may_be_lost(self, *, is_text: bool) -> bool:
        """Whether what begins as a question does is one, although none is expected."""
        if self._question is not None:
            return self._is_damaged and self._open[-1].kind is not _Kind.ITEMS
        inside = self._open[-1].kind if self._open else _Kind.LIST
        return is_text or inside in (_Kind.ANSWER, _Kind.INNER)

    def _go_to(self, place: int) -> None:
        if place >= self._read:
            self.line += self._buffer.count(b"\n", self._read, place)
        else:
            self.line -= self._buffer.count(b"\n", place, self._read)
        self._read = place
        self._searched = min(self._searched, place)

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
        self._idle += len(token) == 1  # a bracket
        if token in b"{[":
            self._open.append(self._opened(token, start))
        elif token not in b"}]":
            self._last_text = token
            if self._open and token == _ID:
                self._open[-1].has_id = True
        elif self._open:
            closed = self._open.pop()
            if len(self._open) == self._question:
                self._question = None
                yield from self._question_in(closed)
                self._floor = self._read - 1  # its bracket is what the next one may begin after
        else:
            yield self._source.broken(self.line, f"a {token.decode()} too many")

    def _question_in(self, closed: _Open) -> Iterator[Row]:
        if closed.start is None:
            return
        content = bytes(self._buffer[closed.start : self._read])
        of_api = any(outer.of_api for outer in self._open)
        rows = list(rows_of(Line(closed.line, content), self._source, of_api=of_api))
        if not any(isinstance(row, BrokenRow) for row in rows):
            self._around, self._idle = list(self._open), 0
            self._beginnings.learn(content)
        else:
            place = self._next(closed.start, self._read)
            if place is not None and not is_json(content):  # its brackets have taken others in
                self._question = len(self._open)
                self._open.append(closed)
                rows = list(self._start_again(place))
        yield from rows

    def _opened(self, bracket: bytes, start: int) -> _Open:
        outer = self._open[-1] if self._open else _Open(_Kind.LIST)
        if bracket == b"{" and outer.kind is _Kind.ITEMS:
            outer.kind, self._open[-2].kind = _Kind.LIST, _Kind.ANSWER
            self._open[-2].of_api = outer.of_api
        if outer.kind is _Kind.LIST:
            if bracket == b"[":
                return _Open(_Kind.LIST)
            self._question = len(self._open)
            self._around = self._around or list(self._open)
            self._floor = start
            self._beginnings.indentation = self._indentation(start)
            return _Open(_Kind.QUESTION, start, self.line)
        if bracket == b"[" and (self._last_text == _ITEMS or self._last_text in _WRAPPERS):
            if outer.kind is _Kind.ANSWER:
                return _Open(_Kind.LIST)
            if outer.kind is _Kind.QUESTION and not outer.has_id:
                return _Open(_Kind.ITEMS, of_api=self._last_text == _ITEMS)
        return _INNER

    def _indentation(self, start: int) -> int:
        """How far the line is indented on which a question begins; brackets before it count."""
        line = self._buffer.rfind(b"\n", 0, start) + 1
        indentation = _INDENTATION.match(self._buffer, line, start)
        width = indentation.end() - line if indentation is not None else 0
        return min(width, _MOST_INDENTATION)

    def _start(self) -> int | None:
        """Where the question at hand begins in the buffer."""
        return self._open[self._question].start if self._question is not None else None

    def _next(self, start: int, end: int, *, certain: bool = False) -> int | None:
        """Where the first question begins behind a place, or around it, by its looks."""
        begin = max(self._floor, start - _KEPT_BYTES)
        found = self._beginnings.pattern(certain=certain).search(self._buffer, begin, end)
        return found.end() - 1 if found is not None else None

    def _start_again(self, place: int) -> Iterator[Row]:
        """Go on where a question begins: what is before it does not close."""
        self._is_damaged = True
        if self._question is None:
            reason = "a bracket or a quotation mark too many: reading goes on at the next question"
            yield self._source.broken(self.line, reason)
        else:
            question = self._open[self._question]
            if question.start is not None:
                content = bytes(self._buffer[question.start : place])
                yield from rows_of(Line(question.line, content), self._source)
        self._open, self._question = list(self._around), None
        self._go_to(place)
        self._floor = place

    def _give_up(self, start: int) -> Iterator[Row]:
        """Report that the question at hand, which begins there, is too long."""
        place = self._next(start, len(self._buffer))
        if place is not None:
            yield from self._start_again(place)
        elif self._question is not None:
            self._is_damaged = True  # perhaps: then the next question is where to start again
            question = self._open[self._question]
            question.start = None
            reason = f"an object of more than {MAX_ROW_BYTES // 2**20} MiB"
            yield self._source.broken(question.line, reason)

    def _forget(self) -> None:
        """Drop what has been read, but for the question at hand."""
        start = self._start()
        kept = max(0, (self._read if start is None else start) - _KEPT_BYTES)
        del self._buffer[:kept]
        self._read -= kept
        self._searched -= kept
        self._floor = max(0, self._floor - kept)
        if self._question is not None and start is not None:
            self._open[self._question].start = start - kept
