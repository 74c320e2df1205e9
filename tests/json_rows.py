"""Questions as lines of JSON, for tests of the readers."""

import json
from pathlib import Path
from typing import Any

from core.questions.files import Row, read_questions

GOOD: dict[str, Any] = {
    "site": "stats",
    "question_id": 6,
    "title": "Is a < b & b < c?",
    "body": "<p>Why?</p>",
    "tags": ["r", "anova"],
    "link": "https://stats.stackexchange.com/questions/6",
}


def write(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def read_one(path: Path, **changes: object) -> Row:
    (row,) = read_questions(write(path, {**GOOD, **changes}))
    return row
