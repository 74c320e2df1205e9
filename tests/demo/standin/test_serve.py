"""Question files become sites, by the reader that imports them too."""

import gzip
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from core.errors import ImportFailed
from demo.standin.serve import load

START = 1_700_000_000
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
def test_a_question_is_served_as_its_line_says(tmp_path: Path, name: str) -> None:
    more = {
        "question_id": 6,
        "owner": {"display_name": "Ada", "user_id": 3},
        "creation_date": 1_600_000_000,
        "score": 4,
        "answer_count": 2,
    }
    standin = load([write(tmp_path / name, LINE | more, "", LINE)], start=START)
    first, second = (standin.sites["stats"].questions[number] for number in (6, 7))
    assert (first.owner, first.score, first.answer_count) == ("Ada", 4, 2)
    assert first.creation_date == 1_600_000_000
    assert (second.title, second.body, second.tags) == ("Title", "<p>Body</p>", ("a", "b"))
    assert (second.link, second.owner, second.score) == (LINE["link"], None, 0)


def test_files_can_hold_several_sites(tmp_path: Path) -> None:
    one = write(tmp_path / "1.jsonl", LINE, {**LINE, "site": "math", "link": None})
    two = write(tmp_path / "2.jsonl", {**LINE, "question_id": 8})
    standin = load([one, two], start=START)
    assert {name: sorted(site.questions) for name, site in standin.sites.items()} == {
        "stats": [7, 8],
        "math": [7],
    }
    link = standin.sites["math"].questions[7].link
    assert link == "https://math.stackexchange.com/questions/7"


@pytest.mark.parametrize("line", ["{", "[]", {**LINE, "title": None}, {**LINE, "site": None}])
def test_a_wrong_line_is_named_and_passed_over(
    tmp_path: Path, line: object, caplog: pytest.LogCaptureFixture
) -> None:
    standin = load([write(tmp_path / "q.jsonl", LINE, line)], start=START)
    assert list(standin.sites["stats"].questions) == [7]
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "q.jsonl:2: " in record.getMessage()
    assert "--" not in record.getMessage()  # the stand-in has not the importer's options


def test_a_file_without_a_question_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match=r"empty\.jsonl is empty"):
        load([write(tmp_path / "empty.jsonl")], start=START)
    with pytest.raises(ImportFailed, match=r"none\.jsonl"):
        load([tmp_path / "none.jsonl"], start=START)
    with pytest.raises(ImportFailed, match=r"no question that can be used: .*q\.jsonl:1: "):
        load([write(tmp_path / "q.jsonl", {**LINE, "tags": []})], start=START)
