import gzip
import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ImportFailed
from core.questions.files import BrokenRow, Row, load_questions, read_questions
from core.questions.files.json_lines import read_json_lines
from core.questions.files.lines import MAX_ROW_BYTES, numbered_lines
from core.questions.files.rows import Source
from core.questions.store import FetchedQuestion

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


def test_a_line_becomes_a_question_with_all_its_fields(tmp_path: Path) -> None:
    row = read_one(
        tmp_path / "q.jsonl",
        owner={"display_name": "Ada", "user_id": 1},
        creation_date=1279566884,
        last_activity_date=1279566885,
        score=-3,
        answer_count=0,
        content_license="CC BY-SA 3.0",
    )
    assert row == FetchedQuestion(
        site="stats",
        question_id=6,
        title="Is a < b & b < c?",
        body="<p>Why?</p>",
        author_tags=("r", "anova"),
        link="https://stats.stackexchange.com/questions/6",
        owner="Ada",
        licence="CC BY-SA 3.0",
        score=-3,
        answer_count=0,
        created_at=datetime(2010, 7, 19, 19, 14, 44, tzinfo=UTC),
        last_activity_at=datetime(2010, 7, 19, 19, 14, 45, tzinfo=UTC),
    )


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


def test_blank_lines_and_a_byte_order_mark_are_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(GOOD).encode() + b"\r\n\r\n\n")
    assert len(list(read_questions(path))) == 1


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


def test_loading_keeps_the_last_of_each_id_in_the_order_of_the_ids(tmp_path: Path) -> None:
    path = write(
        tmp_path / "q.jsonl",
        {**GOOD, "question_id": 9},
        {**GOOD, "question_id": 2, "title": "old"},
        {**GOOD, "question_id": 2, "title": "new"},
        {**GOOD, "tags": []},
    )
    broken: list[BrokenRow] = []
    loaded = load_questions(path, on_broken=broken.append)
    assert [(q.question_id, q.title) for q in loaded] == [(2, "new"), (9, GOOD["title"])]
    assert [row.line for row in broken] == [4]


def test_loading_a_file_without_any_good_row_fails_with_the_first_reason(tmp_path: Path) -> None:
    path = write(tmp_path / "q.jsonl", {**GOOD, "tags": []})
    with pytest.raises(ImportFailed, match=r"no question that can be used: .*q\.jsonl:1: tags"):
        load_questions(path)


JUNK = st.one_of(
    st.binary(max_size=80).map(lambda b: b.replace(b"\n", b"")),
    st.sampled_from(
        [b"[" * 100_000, b"{", b'{"question_id": ' + b"9" * 5000 + b"}", b"null", b"[]"]
    ),
)


@settings(max_examples=60, deadline=None)
@given(junk=st.lists(JUNK, max_size=6))
def test_whatever_stands_between_them_every_good_row_survives(junk: list[bytes]) -> None:
    good = json.dumps(GOOD).encode()
    content = b"\n".join([good, *(part for j in junk for part in (j, good))])
    rows = list(read_json_lines(io.BytesIO(content), Source("q.jsonl", None)))
    assert sum(isinstance(row, FetchedQuestion) for row in rows) == len(junk) + 1
    assert [r.line for r in rows if isinstance(r, BrokenRow)] == [
        2 * i + 2 for i, j in enumerate(junk) if j.strip()
    ]


def test_lines_are_numbered_from_one() -> None:
    lines = list(numbered_lines(io.BytesIO(b"a\n\nb")))
    assert [(line.number, line.content) for line in lines] == [(1, b"a\n"), (2, b"\n"), (3, b"b")]
