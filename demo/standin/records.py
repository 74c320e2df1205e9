"""Question files: one JSON object a line, plain or gzip."""

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

REQUIRED = ("site", "question_id", "title", "body", "tags", "link")


class QuestionFileError(ValueError):
    """A question file does not hold what it should; the message names file, line and fault."""


@dataclass(frozen=True, slots=True)
class Record:
    """One line of a question file: a question as its author left it.

    Title, tags and the owner's name are plain text; the body is HTML. ``owner`` is an object in
    the API's own form (``{"display_name": …, "user_id": …}``) or None, for a made-up one.
    """

    site: str
    question_id: int
    title: str
    body: str
    tags: tuple[str, ...]
    link: str
    owner: Mapping[str, Any] | None = None
    creation_date: int | None = None
    score: int = 0
    answer_count: int | None = None


def read_records(path: Path) -> Iterator[Record]:
    """The questions of a ``.jsonl`` or ``.jsonl.gz`` file, in the file's order.

    Raises:
        QuestionFileError: The file cannot be read, or a line is not a question.
    """
    try:
        with _open(path) as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _record(line, f"{path}, line {number}")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise QuestionFileError(f"{path} cannot be read: {error}") from error


def _open(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8")
    return path.open(encoding="utf-8")


def _record(line: str, where: str) -> Record:
    try:
        fields = json.loads(line)
    except ValueError as error:
        raise QuestionFileError(f"{where}: not JSON ({error})") from error
    if not isinstance(fields, dict):
        raise QuestionFileError(f"{where}: not a JSON object")
    if missing := [name for name in REQUIRED if fields.get(name) is None]:
        raise QuestionFileError(f"{where}: without {', '.join(missing)}")
    try:
        return Record(
            site=str(fields["site"]),
            question_id=int(fields["question_id"]),
            title=str(fields["title"]),
            body=str(fields["body"]),
            tags=tuple(str(tag) for tag in fields["tags"]),
            link=str(fields["link"]),
            owner=_owner(fields.get("owner")),
            creation_date=_whole(fields.get("creation_date")),
            score=_whole(fields.get("score")) or 0,
            answer_count=_whole(fields.get("answer_count")),
        )
    except (TypeError, ValueError) as error:
        raise QuestionFileError(f"{where}: {error}") from error


def _owner(value: object) -> Mapping[str, Any] | None:
    if value is None or isinstance(value, dict):
        return value
    return {"user_type": "registered", "display_name": str(value)}


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)
