"""Kaggle's two tables: Questions.csv, one row a question, and Tags.csv, one row a tag of one.

    Id,OwnerUserId,CreationDate,Score,Title,Body
    Id,Tag

Bodies have line feeds inside quotes, an unknown owner is `NA`. Titles are plain text, bodies HTML.
A Questions.csv with a column Tags needs no second table. Semicolons or tabs may stand for commas,
as Excel writes them, and what Excel and PowerShell write before the names is passed over.
"""

import csv
import re
from array import array
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import BinaryIO

from core.errors import ImportFailed
from core.questions.files.lines import MAX_ROW_BYTES, MOST_IDLE, Line, decode, numbered_lines
from core.questions.files.rows import MAX_TAG, BrokenRow, Row, Source, make_row
from core.questions.files.values import by_field, spelling, to_whole

QUESTION_COLUMNS = {"id", "title", "body"}
TAG_COLUMNS = {"id", "tag"}

# Both tables, and an index before them, begin with a number.
_ROW_START = re.compile(rb'"?\+?\d[\d.e+]*"?[,;\t]')
_PREAMBLE = re.compile(rb"(?:sep=.?\s*$|#TYPE )", re.IGNORECASE)
_DELIMITERS = ",;\t"
SPARE_ROWS = 1_000_000  # of Tags.csv, beside one for each byte of it: gzip leaves three of a row
MAX_RECORD_LINES = 50_000  # a body of the longest has 30,000, all of them empty


class TagTable:
    """The tags of many questions, at 12 bytes a tag: Tags.csv has one row for each."""

    def __init__(self, ids: Sequence[int], tags: Sequence[int], names: Sequence[str]) -> None:
        import numpy as np  # noqa: PLC0415 (a tenth of a second, for one format)

        unsorted = np.asarray(ids, dtype=np.int64)
        order = np.argsort(unsorted, kind="stable")  # the tags of a question stay in their order
        self._ids = unsorted[order]
        self._tags = np.asarray(tags, dtype=np.int32)[order]
        self._names = names

    def tags_of(self, question_id: int) -> list[str]:
        """The tags of a question in the table's order; none where it does not hold it."""
        first, end = self._ids.searchsorted([question_id, question_id + 1])
        return [self._names[tag] for tag in self._tags[first:end]]


def read_tags(
    stream: BinaryIO, source: Source, bytes_read: Callable[[], int] = lambda: 0
) -> Generator[BrokenRow, None, TagTable]:
    """Read Tags.csv; yield the rows that cannot be used, and return the table.

    Args:
        stream: the table, unpacked.
        source: the file.
        bytes_read: how many bytes of the file have been read, packed as it may be.

    Raises:
        ImportFailed: the first line does not name the columns, or it has more rows than anything
            honest packs into so few bytes.
    """
    ids, tags = array("q"), array("i")
    numbers: dict[str, int] = {}
    for line, fields in _named_fields(stream, source, TAG_COLUMNS):
        if isinstance(fields, str):
            yield source.broken(line, fields)
        elif (number := _id(fields["id"])) is None:
            yield source.broken(line, f"Id: not a number, but {fields['id'][:40]!r}")
        elif len(fields["tag"]) > MAX_TAG:
            yield source.broken(line, f"Tag: more than {MAX_TAG} characters")
        else:
            ids.append(number)
            tags.append(numbers.setdefault(fields["tag"], len(numbers)))
            if len(ids) >= SPARE_ROWS and len(ids) > SPARE_ROWS + bytes_read():
                raise ImportFailed(
                    f"{source.file} holds more rows than its size allows: unpack it first."
                )
    return TagTable(ids, tags, list(numbers))


def read_questions_csv(
    stream: BinaryIO, source: Source, tags: TagTable | None = None
) -> Iterator[Row]:
    """Yield a question or a broken row for each row of Questions.csv.

    Args:
        stream: the table.
        source: the file.
        tags: the other table; None where the first has a column Tags.

    Raises:
        ImportFailed: the first line does not name the columns.
    """
    for line, fields in _named_fields(stream, source, QUESTION_COLUMNS):
        if isinstance(fields, str):
            yield source.broken(line, fields)
        else:
            values = by_field(fields)
            if values is not None:
                yield make_row(_with_tags(values, tags), source=source, line=line)


def _with_tags(values: dict[str, object], tags: TagTable | None) -> dict[str, object]:
    number = _id(str(values["question_id"]))
    return {"tags": _tags_of(number, tags), **values}


def _tags_of(number: int | None, tags: TagTable | None) -> list[str]:
    return tags.tags_of(number) if tags is not None and number is not None else []


def _id(field: str) -> int | None:
    """The number of a question or a user, as it is in both tables; None where it is none."""
    try:
        number = to_whole(field)
    except ValueError:
        return None
    return number if abs(number) < 2**63 else None


def _named_fields(
    stream: BinaryIO, source: Source, required: set[str]
) -> Iterator[tuple[int, dict[str, str] | str]]:
    """Yield each row's first line and its fields by column, or what is wrong with it."""
    lines = numbered_lines(stream)
    first = next((line for line in lines if not _PREAMBLE.match(line.content)), Line(1, b""))
    header, delimiter = _header(first.content)
    if not required <= set(header):
        raise ImportFailed(
            f"{source.file}: its first line does not name Id and what belongs to it."
        )
    for number, fields in _records(lines, width=len(header), delimiter=delimiter):
        yield number, fields if isinstance(fields, str) else dict(zip(header, fields, strict=True))


def header_columns(begin: bytes) -> list[str]:
    """The columns' names of a file's beginning, in lower case."""
    lines = (line for line in begin.splitlines() if not _PREAMBLE.match(line))
    return _header(next(lines, b""))[0]


def _header(line: bytes) -> tuple[list[str], str]:
    """The columns' names, and what stands between them: what makes the most of them."""
    text = decode(line)
    delimiter = max(_DELIMITERS, key=text.count)
    names = [spelling(name.strip(' "\r\n')) for name in text.split(delimiter)]
    named = {"questionid": "id", "postid": "id"} if "id" not in names else {}
    return [named.get(name, name) for name in names], delimiter


def _records(
    lines: Iterable[Line], *, width: int, delimiter: str
) -> Iterator[tuple[int, list[str] | str]]:
    """Yield each record's first line and its fields, or what is wrong with it.

    A stray quote would swallow all rows up to the next one. So what turns out to be no record is
    given up by one line only; reading goes on at the next line that looks like a row's first.
    """
    ahead = _Lookahead(lines)
    lost, idle = False, 0
    for line in ahead:
        idle += 1
        if idle > MOST_IDLE:
            yield line.number, f"{MOST_IDLE:,} lines without a row: what follows is not read"
            return
        if line.problem is not None:
            yield line.number, line.problem
        elif line.content.strip() and not (lost and not _ROW_START.match(line.content)):
            record = _whole_record(line, ahead)
            fields = _split(b"".join(part.content for part in record), width, delimiter)
            lost, idle = isinstance(fields, str), 0
            yield line.number, fields
            if lost:
                ahead.give_back(record[1:])


class _Lookahead:
    """Lines, of which some may be given back to come again."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines = iter(lines)
        self._returned: deque[Line] = deque()

    def __iter__(self) -> Iterator[Line]:
        return self

    def __next__(self) -> Line:
        return self._returned.popleft() if self._returned else next(self._lines)

    def give_back(self, lines: Sequence[Line]) -> None:
        self._returned.extendleft(reversed(lines))


def _whole_record(line: Line, ahead: _Lookahead) -> list[Line]:
    """The lines up to the one on which all quotes are closed, or on which it becomes too much."""
    record, size, is_open = [line], len(line.content), line.content.count(b'"') % 2
    while is_open and size <= MAX_ROW_BYTES and len(record) < MAX_RECORD_LINES:
        following = next(ahead, None)
        if following is None:
            break
        if following.problem is not None:
            ahead.give_back([following])
            break
        record.append(following)
        size += len(following.content)
        is_open ^= following.content.count(b'"') % 2
    return record


def _split(record: bytes, width: int, delimiter: str) -> list[str] | str:
    csv.field_size_limit(max(csv.field_size_limit(), 2 * MAX_ROW_BYTES))  # the module's: 128 KiB
    try:
        rows = list(csv.reader([decode(record)], delimiter=delimiter, strict=True))
    except csv.Error as error:
        return f"not a row of CSV: {error}"
    if len(rows) != 1 or len(rows[0]) != width:
        return f"a row of {width} fields is expected, but it has {len(rows[0]) if rows else 0}"
    return rows[0]
