import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.questions.files import BrokenRow, read_questions
from core.questions.files.json_lines import read_json_lines
from core.questions.files.lines import BOM
from core.questions.files.rows import Source
from core.questions.store import FetchedQuestion
from tests.json_rows import GOOD, read_one, write


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


def test_blank_lines_and_a_byte_order_mark_are_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(GOOD).encode() + b"\r\n\r\n\n\0\0\0")
    assert len(list(read_questions(path))) == 1


def test_files_with_marks_may_be_joined(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_bytes((b"\xef\xbb\xbf" + json.dumps(GOOD).encode() + b"\n") * 2)
    assert all(isinstance(row, FetchedQuestion) for row in read_questions(path))


def test_items_without_a_body_are_told_how_to_get_it(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(json.dumps({"items": [{"question_id": 6, "title": "T", "tags": ["r"]}]}))
    (row,) = read_questions(path)
    assert isinstance(row, BrokenRow)
    assert row.reason == "body: missing; the API gives it with filter=withbody"


JUNK = st.one_of(
    st.binary(max_size=80).map(lambda b: b.replace(b"\n", b"")),
    st.sampled_from(
        [b"[" * 100_000, b"{", b'{"question_id": ' + b"9" * 5000 + b"}", b"null", b"[]"]
    ),
)


@settings(max_examples=60, deadline=None)
@given(junk=st.lists(JUNK, max_size=6))
@example(junk=[BOM, BOM + b" ", b" " + BOM])  # as of joined files, the second of which is empty
def test_whatever_stands_between_them_every_good_row_survives(junk: list[bytes]) -> None:
    good = json.dumps(GOOD).encode()
    content = b"\n".join([good, *(part for j in junk for part in (j, good))])
    rows = list(read_json_lines(io.BytesIO(content), Source("q.jsonl", None)))
    assert sum(isinstance(row, FetchedQuestion) for row in rows) == len(junk) + 1
    assert [r.line for r in rows if isinstance(r, BrokenRow)] == [
        2 * i + 2 for i, j in enumerate(junk) if j.removeprefix(BOM).strip(b" \t\r\n\0")
    ]


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        ([[]] * 200_000, "more than 100,000 values, as nothing honest has"),
        (json.loads("[" * 100 + "]" * 100), "more than 32 brackets in each other"),
    ],
    ids=["many", "deep"],
)
def test_a_line_of_which_too_much_would_become_is_broken(
    tmp_path: Path, extra: object, reason: str
) -> None:
    path = write(tmp_path / "q.jsonl", GOOD, {**GOOD, "extra": extra}, GOOD)
    first, broken, last = read_questions(path)
    assert broken == BrokenRow(str(path), 2, reason)
    assert first == last


def test_numbers_behind_each_other_are_no_row_each(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text("{}" + " 1" * 150_000)
    assert [row.reason for row in read_questions(path) if isinstance(row, BrokenRow)] == [
        "more than 100,000 values behind each other"
    ]


def test_lines_may_be_a_dumps_rows_by_their_own_names(tmp_path: Path) -> None:
    row = {"Id": "4", "PostTypeId": "1", "Title": "t", "Body": "b", "Tags": "<c#><.net>"}
    answer = {"Id": "5", "PostTypeId": "2", "ParentId": "4", "Body": "b"}
    path = write(tmp_path / "q.jsonl", row | {"CreationDate": "2008-07-31T21:42:52.667"}, answer)
    (found,) = read_questions(path, site="stackoverflow")
    assert isinstance(found, FetchedQuestion)
    assert (found.question_id, found.author_tags) == (4, ("c#", ".net"))
    assert found.created_at is not None


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"error_id": 502, "error_message": "too many", "error_name": "x"}, "an error of the API"),
        ({"title": {"0": "a"}, "question_id": {"0": 1}}, "by columns, as pandas writes it"),
    ],
)
def test_what_programs_write_in_place_of_questions_is_told(
    tmp_path: Path, value: object, reason: str
) -> None:
    (row,) = read_questions(write(tmp_path / "q.jsonl", value), site="stats")
    assert isinstance(row, BrokenRow)
    assert reason in row.reason
