"""What a row must hold, and what is said of one that does not."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.questions.files import BrokenRow, read_questions
from core.questions.store import FetchedQuestion
from tests.json_rows import GOOD, read_one, write


def test_a_plain_title_is_not_unescaped(tmp_path: Path) -> None:
    row = read_one(tmp_path / "q.jsonl", title="What does &amp; mean in HTML?")
    assert isinstance(row, FetchedQuestion)
    assert row.title == "What does &amp; mean in HTML?"


def test_what_no_database_takes_is_dropped(tmp_path: Path) -> None:
    row = read_one(tmp_path / "q.jsonl", title="a\0b\ud800c", tags=["r\0"], owner="\udfff")
    assert isinstance(row, FetchedQuestion)
    assert (row.title, row.author_tags, row.owner) == ("abc", ("r",), None)


def test_a_name_turns_no_direction_of_writing(tmp_path: Path) -> None:
    row = read_one(tmp_path / "q.jsonl", owner="a\u202eb", content_license="c\u2066d")
    assert isinstance(row, FetchedQuestion)
    assert (row.owner, row.licence) == ("a b", "c d")


def test_tags_with_characters_that_nobody_sees_are_dropped(tmp_path: Path) -> None:
    row = read_one(tmp_path / "q.jsonl", tags=["r\n", "r\u200b", "mem\u00f3ria", "x\x1b"])
    assert isinstance(row, FetchedQuestion)
    assert row.author_tags == ("r", "mem\u00f3ria")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"title": None}, "title: missing"),
        ({"title": " "}, "title: empty"),
        ({"title": "x" * 2000}, "title: should have 1,000 characters at most"),
        ({"title": 3}, "title: should be a text, but is 3"),
        ({"body": None}, "body: missing"),
        ({"body": "\n"}, "body: empty"),
        ({"question_id": None}, "question_id: missing"),
        ({"question_id": True}, "question_id: .*whole number"),
        ({"question_id": 6.5}, "question_id: .*whole number"),
        ({"question_id": 0}, "question_id: should be 1 or more, but is 0"),
        ({"question_id": 2**63}, "question_id: should be 9,223,372,036,854,775,807 or less"),
        ({"question_id": 2.0**60}, "question_id: too large .* to be exact"),
        ({"question_id": "six"}, "question_id: .*whole number, but is 'six'"),
        ({"question_id": float("nan")}, "question_id: .*whole number"),
        ({"tags": None}, "tags: missing"),
        ({"tags": []}, "tags: empty"),
        ({"tags": "NA"}, "tags: empty"),
        ({"tags": {"r": 1}}, "tags: should be a list"),
        ({"tags": ["r", 3]}, "tags.1: should be a text, but is 3"),
        ({"tags": [""]}, "tags.0: empty"),
        ({"tags": ["r\u200b"]}, "tags: empty"),
        ({"tags": ["two words"]}, "tags.0: a tag has no spaces"),
        ({"tags": ["x" * 101]}, "tags.0: should have 100 characters at most"),
        ({"tags": [f"t{i}" for i in range(21)]}, "tags: should hold 20 at most"),
        ({"site": "two words"}, "site: .* is not the API's name"),
        ({"site": None}, "site: missing"),
    ],
)
def test_a_wrong_value_breaks_its_row_and_is_named(
    tmp_path: Path, changes: dict[str, object], reason: str
) -> None:
    row = read_one(tmp_path / "q.jsonl", **changes)
    assert isinstance(row, BrokenRow)
    assert re.search(reason, row.reason), row.reason
    assert "\n" not in row.reason


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("link", "javascript:alert(1)", "not an address"),
        ("score", 2**40, "should be below 2,147,483,648"),
        ("score", "many", "whole number, but is 'many'"),
        ("answer_count", -1, "should be 0 or more"),
        ("creation_date", 10**30, "neither seconds"),
        ("creation_date", 0, "a time of the years"),
        ("last_activity_date", "soon", "neither seconds .*'soon'"),
        ("creation_date", [1], "neither seconds"),
        ("owner", 5, "should be a text, but is 5"),
        ("owner", {"display_name": "x" * 201}, "200 characters at most"),
        ("content_license", "x" * 201, "200 characters at most"),
        ("link", "https://" + "x" * 2000, "2,?000 characters at most"),
    ],
)
def test_what_a_question_can_do_without_is_left_out_with_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, value: object, reason: str
) -> None:
    bad = {**GOOD, name: value}
    path = write(tmp_path / "q.jsonl", {**GOOD, name: None}, bad, bad)
    first, second, third = read_questions(path)
    assert first == second == third
    assert isinstance(first, FetchedQuestion)
    (message,) = caplog.messages
    assert re.search(f"q.jsonl:2: {name}: .*{reason}.*; such rows are taken without it", message)


@pytest.mark.parametrize("nothing", [None, "", "NA", "NaN", float("nan"), "null"])
def test_nothing_is_nothing_however_it_is_written(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, nothing: object
) -> None:
    names = ("score", "answer_count", "creation_date", "last_activity_date", "owner")
    row = read_one(tmp_path / "q.jsonl", **dict.fromkeys(names, nothing))
    assert row == read_one(tmp_path / "q.jsonl")
    assert caplog.messages == []


def test_numbers_and_times_are_read_as_pandas_writes_them(tmp_path: Path) -> None:
    row = read_one(
        tmp_path / "q.jsonl",
        question_id=81.0,
        score=5.0,
        answer_count="3.0",
        creation_date=1279567000000,
        tags="<c++><r>",
    )
    assert isinstance(row, FetchedQuestion)
    assert (row.question_id, row.score, row.answer_count) == (81, 5, 3)
    assert row.created_at == datetime(2010, 7, 19, 19, 16, 40, tzinfo=UTC)
    assert row.author_tags == ("c++", "r")


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ({}, None),
        ({"closed_date": 1279567000}, "closed"),
        ({"closed_date": 1279567000.0, "migrated_to": None}, "closed"),
        ({"closed_date": 1, "migrated_to": {"on_date": 1279567000}}, "migrated"),
        ({"closed_date": 1279560000, "deletion_date": "2010-07-19T19:16:40"}, "deleted"),
        ({"closed_date": "no date"}, None),
        ({"deletion_date": None}, None),
        ({"closed_date": "", "last_activity_date": 1279567000}, "open"),
        ({"closed_date": None, "creation_date": 1279567000}, "open"),
        ({"closed_date": None, "deletion_date": 1279567000}, "deleted"),
    ],
)
def test_what_has_become_of_a_question_is_taken_with_its_date(
    tmp_path: Path, told: dict[str, object], state: str | None
) -> None:
    row = read_one(tmp_path / "q.jsonl", **told)
    assert isinstance(row, FetchedQuestion)
    moment = datetime(2010, 7, 19, 19, 16, 40, tzinfo=UTC) if state is not None else None
    assert (row.state, row.state_at) == (state, moment)


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
