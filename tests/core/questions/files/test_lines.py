"""Physical lines, whatever state a file is in."""

import gzip
import io
import json
from pathlib import Path

import pytest

from core.questions.files import BrokenRow, read_questions
from core.questions.files.lines import MAX_ROW_BYTES, decode, numbered_lines
from core.questions.store import FetchedQuestion
from tests.json_rows import GOOD, write


def test_a_line_too_long_is_passed_over(tmp_path: Path) -> None:
    path = write(tmp_path / "q.jsonl", GOOD, {**GOOD, "body": "x" * MAX_ROW_BYTES * 2}, GOOD)
    first, long, last = read_questions(path)
    assert isinstance(first, FetchedQuestion)
    assert long == BrokenRow(str(path), 2, "a line of more than 4 MiB")
    assert isinstance(last, FetchedQuestion)


def test_of_a_truncated_gzip_file_what_was_read_before_counts(tmp_path: Path) -> None:
    rows = [{**GOOD, "question_id": i, "body": f"<p>{i * 7919}</p>" * 20} for i in range(1, 2001)]
    whole = gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode())
    path = tmp_path / "q.jsonl.gz"
    path.write_bytes(whole[: len(whole) // 2])
    *good, broken = read_questions(path)
    assert len(good) > 500
    assert [q.question_id for q in good if isinstance(q, FetchedQuestion)] == list(
        range(1, len(good) + 1)
    )
    assert isinstance(broken, BrokenRow)
    assert broken.line == len(good) + 1
    assert "damaged or cut off" in broken.reason


def test_lines_are_numbered_from_one() -> None:
    lines = list(numbered_lines(io.BytesIO(b"a\n\nb")))
    assert [(line.number, line.content) for line in lines] == [(1, b"a\n"), (2, b"\n"), (3, b"b")]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("caf\u00e9 \u2013 \u4e2d".encode(), "caf\u00e9 \u2013 \u4e2d"),
        ("caf\u00e9 \u2013".encode("cp1252"), "caf\u00e9 \u2013"),
        (b"\x81\xe9", "\x81\u00e9"),
        (
            "\u043f\u0440\u0438\u0432\u0435\u0442".encode() + b"\xff",
            "\u043f\u0440\u0438\u0432\u0435\u0442\ufffd",
        ),
    ],
)
def test_a_row_is_utf_8_or_else_of_windows(content: bytes, text: str) -> None:
    assert decode(content) == text
