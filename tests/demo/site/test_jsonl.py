"""Made-up questions as files."""

import gzip
import json
from pathlib import Path

import pytest

from demo.site import make_questions, write_jsonl


@pytest.mark.parametrize("name", ["site.jsonl", "site.jsonl.gz"])
def test_files_hold_one_question_a_line(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    expected = list(make_questions(20))
    assert write_jsonl(expected, path) == 20
    data = path.read_bytes()
    text = (gzip.decompress(data) if name.endswith(".gz") else data).decode()
    rows = [json.loads(line) for line in text.splitlines()]
    assert [row["title"] for row in rows] == [question.title for question in expected]
    assert rows[0]["creation_date"] == int(expected[0].created_at.timestamp())
    assert rows[0].keys() == {
        "site", "question_id", "title", "body", "tags", "link", "owner", "creation_date", "score",
        "answer_count",
    }  # fmt: skip


def test_equal_questions_give_equal_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "a.jsonl.gz", tmp_path / "b.jsonl.gz"
    write_jsonl(make_questions(20), first)
    write_jsonl(make_questions(20), second)
    assert first.read_bytes() == second.read_bytes()
