"""Questions as lines of JSON, one object a line.

    {"site": "stats", "question_id": 6, "title": "…", "body": "<p>…</p>", "tags": ["r", "anova"]}

may also hold link, owner, creation_date and last_activity_date (seconds since 1970), score,
answer_count and content_license, named as in the StackExchange API. The title is plain text, but
for the API's own items (`core.questions.files.api_items`), of which a line may hold a whole answer.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO

from core.questions.files.api_items import (
    as_plain,
    error_of_answer,
    items_of_answer,
    questions_around,
)
from core.questions.files.lines import BOM, MOST_IDLE, Line, numbered_lines
from core.questions.files.rows import Row, Source, make_row
from core.questions.files.values import by_field
from core.untrusted import MOST_VALUES, JsonTooLarge, check_json

_BLANK = b" \t\r\n\0"  # zeros are what a crash leaves at a file's end
_DECODER = json.JSONDecoder(strict=False)  # which takes raw line feeds and the like inside of texts


def read_json_lines(stream: BinaryIO, source: Source) -> Iterator[Row]:
    """Yield the questions and the broken rows of each line that is not blank."""
    blank = 0
    for line in numbered_lines(stream):
        blank += 1
        if line.problem is not None:
            yield source.broken(line.number, line.problem)
        elif line.content.strip(_BLANK):
            blank = 0
            yield from rows_of(line, source)
        elif blank > MOST_IDLE:
            yield source.broken(line.number, f"{MOST_IDLE:,} blank lines: what follows is not read")
            return


def rows_of(line: Line, source: Source, *, of_api: bool = False) -> Iterator[Row]:
    """Yield what a line's JSON holds: a question, or several one behind the other.

    Args:
        line: where it begins, and its bytes.
        source: the file.
        of_api: whether it is known to come from the API.
    """
    try:
        values = _values(line.content.removeprefix(BOM))
    except UnicodeDecodeError:
        yield source.broken(line.number, "not UTF-8, in which JSON is written: convert the file")
    except JsonTooLarge as error:
        yield source.broken(line.number, str(error))
    except (ValueError, RecursionError) as error:
        yield source.broken(line.number, f"not JSON: {error}")
    else:
        for value in values:
            yield from _rows(value, line.number, source, of_api=of_api)


def is_json(content: bytes) -> bool:
    """Whether bytes are values of JSON, one behind the other."""
    try:
        _values(content)
    except (ValueError, RecursionError):
        return False
    return True


def _values(content: bytes) -> Sequence[object]:
    """What stands in a text, where commas may stand between and behind.

    Raises:
        ValueError: it is not JSON, or too large (JsonTooLarge).
    """
    check_json(content)
    values: list[object] = []
    end = 0
    text = content.decode("utf-8").strip(" \t\r\n\0")
    while end < len(text):
        if len(values) == MOST_VALUES:
            raise JsonTooLarge(f"more than {MOST_VALUES:,} values behind each other")
        value, end = _DECODER.raw_decode(text, end)
        values.append(value)
        while end < len(text) and (text[end].isspace() or text[end] == ","):
            end += 1
    return values


def _rows(value: object, line: int, source: Source, *, of_api: bool) -> Iterator[Row]:
    items = items_of_answer(value)
    if items is not None:
        for item in items:
            yield from _rows(item, line, source, of_api=True)
    elif (around := questions_around(value)) is not None:
        for one in around:
            yield from _rows(one, line, source, of_api=of_api)
    elif not isinstance(value, dict):
        yield source.broken(line, "not a JSON object")
    elif (problem := error_of_answer(value) or _table_by_columns(value)) is not None:
        yield source.broken(line, problem)
    elif of_api and "body" not in value:
        yield source.broken(line, "body: missing; the API gives it with filter=withbody")
    elif (fields := by_field(as_plain(value, known=of_api))) is not None:
        yield make_row(fields, source=source, line=line)


def _table_by_columns(value: Mapping[str, object]) -> str | None:
    if not isinstance(value.get("title"), dict):
        return None
    return (
        "a table by columns, as pandas writes it where nothing else is said: write it by rows, "
        "to_json(orient='records', lines=True)"
    )
