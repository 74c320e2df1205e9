"""Questions as lines of JSON, one object a line.

    {"site": "stats", "question_id": 6, "title": "…", "body": "<p>…</p>", "tags": ["r", "anova"]}

may also hold link, owner, creation_date and last_activity_date (seconds since 1970), score,
answer_count and content_license, named as in the StackExchange API. The title is plain text.
"""

import json
from collections.abc import Iterator
from typing import BinaryIO

from core.questions.files.lines import Line, numbered_lines
from core.questions.files.rows import Row, Source, make_row


def read_json_lines(stream: BinaryIO, source: Source) -> Iterator[Row]:
    """Yield a question or a broken row for each line that is not blank."""
    for line in numbered_lines(stream):
        if line.problem is not None:
            yield source.broken(line.number, line.problem)
        elif line.content.strip():
            yield _row(line, source)


def _row(line: Line, source: Source) -> Row:
    try:
        values = json.loads(line.content.decode("utf-8"))
    except UnicodeDecodeError:
        return source.broken(line.number, "not UTF-8")
    except (ValueError, RecursionError) as error:
        return source.broken(line.number, f"not JSON: {error}")
    if not isinstance(values, dict):
        return source.broken(line.number, "not a JSON object")
    return make_row(values, source=source, line=line.number)
