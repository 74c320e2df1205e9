"""What a row must hold, and what is said of one that does not."""

import re
from pathlib import Path

import pytest

from core.questions.files import BrokenRow, read_questions
from core.questions.store import FetchedQuestion
from tests.core.questions.files.json_rows import GOOD, read_one, write


def test_a_plain_title_is_not_unescaped(tmp_path: Path) -> None:
    row = read_one(tmp_path / "q.jsonl", title="What does &amp; mean in HTML?")
    assert isinstance(row, FetchedQuestion)
    assert row.title == "What does &amp; mean in HTML?"


def test_what_no_database_takes_is_dropped(tmp_path: Path) -> None:
    row = read_one(tmp_path / "q.jsonl", title="a\0b\ud800c", tags=["r\0"], owner="\udfff")
    assert isinstance(row, FetchedQuestion)
    assert (row.title, row.author_tags, row.owner) == ("abc", ("r",), None)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"title": None}, "title: missing"),
        ({"title": " "}, "title: empty"),
        ({"title": "x" * 2000}, "title: .*at most 1000"),
        ({"title": 3}, "title: .*string"),
        ({"body": None}, "body: missing"),
        ({"body": "\n"}, "body: empty"),
        ({"question_id": None}, "question_id: missing"),
        ({"question_id": "6"}, "question_id: .*integer, but is '6'"),
        ({"question_id": True}, "question_id: .*integer"),
        ({"question_id": 6.5}, "question_id: .*integer"),
        ({"question_id": 0}, "question_id: .*greater"),
        ({"question_id": 2**63}, "question_id: .*less"),
        ({"tags": None}, "tags: missing"),
        ({"tags": []}, "tags: empty"),
        ({"tags": "r"}, "tags: .*list"),
        ({"tags": ["r", 3]}, "tags: .*string"),
        ({"tags": [""]}, "tags: empty"),
        ({"tags": ["two words"]}, "tags: a tag has no spaces"),
        ({"tags": ["x" * 101]}, "tags: .*at most 100"),
        ({"tags": [f"t{i}" for i in range(21)]}, "tags: .*at most 20"),
        ({"site": "two words"}, "site: not the API's name"),
        ({"site": None}, "site: missing"),
        ({"link": "javascript:alert(1)"}, "link: not an address"),
        ({"score": 2**40}, "score: .*less"),
        ({"score": "3"}, "score: .*integer"),
        ({"answer_count": -1}, "answer_count: .*greater"),
        ({"creation_date": 10**30}, "creation_date: neither"),
        ({"creation_date": 0}, "creation_date: a time of the years"),
        ({"creation_date": "soon"}, "creation_date: neither.*'soon'"),
        ({"creation_date": [1]}, "creation_date: neither seconds"),
        ({"owner": 5}, "owner: .*string"),
    ],
)
def test_a_wrong_value_breaks_its_row_and_is_named(
    tmp_path: Path, changes: dict[str, object], reason: str
) -> None:
    row = read_one(tmp_path / "q.jsonl", **changes)
    assert isinstance(row, BrokenRow)
    assert re.search(reason, row.reason), row.reason
    assert "\n" not in row.reason


def test_a_site_that_the_caller_names_wins_over_silence_but_not_over_another_name(
    tmp_path: Path,
) -> None:
    path = write(
        tmp_path / "q.jsonl",
        {**GOOD, "question_id": 1},
        {**GOOD, "question_id": 2, "site": None, "link": None},
        {**GOOD, "question_id": 3, "site": "cooking"},
    )
    first, second, third = read_questions(path, site="stats")
    assert isinstance(first, FetchedQuestion)
    assert isinstance(second, FetchedQuestion)
    assert second.link == "https://stats.stackexchange.com/questions/2"
    assert third == BrokenRow(str(path), 3, "site: it is cooking, not stats")


@pytest.mark.parametrize(
    ("site", "domain"),
    [
        ("stats", "stats.stackexchange.com"),
        ("stats.meta", "stats.meta.stackexchange.com"),
        ("stackoverflow", "stackoverflow.com"),
        ("es.stackoverflow", "es.stackoverflow.com"),
        ("meta.superuser", "meta.superuser.com"),
        ("mathoverflow.net", "mathoverflow.net"),
    ],
)
def test_a_link_is_made_where_the_file_has_none(tmp_path: Path, site: str, domain: str) -> None:
    row = read_one(tmp_path / "q.jsonl", site=site, link=None)
    assert isinstance(row, FetchedQuestion)
    assert row.link == f"https://{domain}/questions/6"
