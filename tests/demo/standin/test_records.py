"""Question files."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from demo.standin.records import QuestionFileError, read_records

LINE: dict[str, Any] = {
    "site": "stats",
    "question_id": 7,
    "title": "Title",
    "body": "<p>Body</p>",
    "tags": ["a", "b"],
    "link": "https://stats.stackexchange.com/questions/7",
}


def write(path: Path, *lines: object) -> Path:
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.mark.parametrize("name", ["questions.jsonl", "questions.jsonl.gz"])
def test_a_file_is_read_plain_or_compressed(tmp_path: Path, name: str) -> None:
    more = {
        **LINE,
        "question_id": 8,
        "owner": {"display_name": "Ada", "user_id": 3},
        "creation_date": 1_600_000_000,
        "score": 4,
        "answer_count": 2,
    }
    first, second = read_records(write(tmp_path / name, LINE, "", more))
    assert (first.question_id, first.tags, first.creation_date) == (7, ("a", "b"), None)
    assert first.owner is None
    assert second.owner == {"display_name": "Ada", "user_id": 3}
    assert (second.creation_date, second.score, second.answer_count) == (1_600_000_000, 4, 2)


def test_an_owner_may_be_a_name(tmp_path: Path) -> None:
    [record] = read_records(write(tmp_path / "q.jsonl", {**LINE, "owner": "Ada"}))
    assert record.owner == {"user_type": "registered", "display_name": "Ada"}


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        ({**LINE, "title": None}, "without title"),
        ({"site": "stats"}, "without question_id, title, body, tags, link"),
        ({**LINE, "question_id": "seven"}, "invalid literal"),
        ({**LINE, "tags": 3}, "not iterable"),
    ],
)
def test_a_wrong_line_is_named_with_its_fault(tmp_path: Path, line: object, fault: str) -> None:
    path = write(tmp_path / "q.jsonl", LINE, line)
    with pytest.raises(QuestionFileError, match=r"q\.jsonl, line 2: .*" + fault):
        list(read_records(path))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(QuestionFileError, match=r"none\.jsonl cannot be read"):
        list(read_records(tmp_path / "none.jsonl"))
    broken = tmp_path / "broken.jsonl.gz"
    broken.write_bytes(gzip.compress(b"x" * 1000)[:20])
    with pytest.raises(QuestionFileError, match="cannot be read"):
        list(read_records(broken))
