"""Questions out of files: data dumps, Kaggle's tables, and lines of JSON.

    for row in read_questions(Path("Posts.xml"), site="stats"):
        if isinstance(row, BrokenRow):
            print(row)
        else:
            print(row.question_id, row.title)

A row that cannot be used becomes a `BrokenRow` with its line, and reading goes on behind it. Memory
does not grow with the file, but for the tags of Kaggle's second table (12 bytes each).
"""

from core.questions.files.formats import Format, QuestionFile
from core.questions.files.reading import (
    OnFilePosition,
    load_questions,
    open_all,
    read_questions,
    with_tag_files,
)
from core.questions.files.rows import BrokenRow, Row
from core.questions.files.seen import SeenIds
from core.questions.files.unpacking import STANDARD_INPUT

__all__ = [
    "STANDARD_INPUT",
    "BrokenRow",
    "Format",
    "OnFilePosition",
    "QuestionFile",
    "Row",
    "SeenIds",
    "load_questions",
    "open_all",
    "read_questions",
    "with_tag_files",
]
