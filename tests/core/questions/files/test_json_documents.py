"""JSON that is no lines: arrays, answers of the API, objects over many lines."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.questions.files import BrokenRow, QuestionFile, Row, read_questions
from core.questions.files.formats import Format
from core.questions.files.json_documents import MAX_TEXT_BYTES
from core.questions.files.json_lines import read_json_lines
from core.questions.files.lines import MAX_ROW_BYTES
from core.questions.files.rows import Source
from core.questions.store import FetchedQuestion
from tests.json_rows import GOOD


def question(number: int, **changes: Any) -> dict[str, Any]:
    return {**GOOD, "question_id": number, "body": '<p>"}]{[\\" items</p>', **changes}


def answer(*numbers: int) -> dict[str, Any]:
    items = [question(number, title=f"Isn&#39;t it {number}?") for number in numbers]
    return {"items": items, "has_more": True, "quota_remaining": 290}


def read(path: Path, content: str) -> list[Row]:
    path.write_text(content)
    return list(read_questions(path))


def ids(rows: list[Row]) -> list[int]:
    return [row.question_id for row in rows if isinstance(row, FetchedQuestion)]


def broken(rows: list[Row]) -> list[tuple[int, str]]:
    return [(row.line, row.reason) for row in rows if isinstance(row, BrokenRow)]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize(
    "document",
    [
        [question(1), question(2)],
        answer(1, 2),
        dict(reversed(answer(1, 2).items())),
        [answer(1), answer(), answer(2)],
        [[question(1)], [], [question(2)]],
        {"name": "n", "data": [question(1), question(2)], "more": [1]},
        [{"questions": [question(1)]}, {"questions": [question(2)]}],
    ],
    ids=["array", "answer", "items last", "answers", "arrays", "data", "several"],
)
def test_questions_are_found_wherever_they_stand(
    tmp_path: Path, document: object, indent: int | None
) -> None:
    rows = read(tmp_path / "q.json", json.dumps(document, indent=indent))
    assert (ids(rows), broken(rows)) == ([1, 2], [])


@pytest.mark.parametrize("separator", ["", "\n", ",\n", "\r\n\r\n"])
@pytest.mark.parametrize("indent", [None, 1])
def test_several_documents_may_stand_in_one_file(
    tmp_path: Path, separator: str, indent: int | None
) -> None:
    parts = [json.dumps(part, indent=indent) for part in (question(1), question(2), answer(3))]
    rows = read(tmp_path / "q.json", separator.join(parts))
    assert (ids(rows), broken(rows)) == ([1, 2, 3], [])


def test_items_of_an_answer_are_unescaped(tmp_path: Path) -> None:
    for indent in (None, 2):
        (row,) = read(tmp_path / "q.json", json.dumps(answer(6), indent=indent))
        assert isinstance(row, FetchedQuestion)
        assert row.title == "Isn't it 6?"


def test_an_array_on_one_line_may_be_longer_than_a_line_may(tmp_path: Path) -> None:
    many = [question(n, body="x" * (MAX_ROW_BYTES // 10)) for n in range(1, 16)]
    many.insert(3, question(99, body="x" * 2 * MAX_ROW_BYTES))
    rows = read(tmp_path / "q.json", json.dumps(many))
    assert ids(rows) == list(range(1, 16))
    assert broken(rows) == [(1, "an object of more than 4 MiB")]


def test_what_is_broken_costs_its_own_question_only(tmp_path: Path) -> None:
    good = json.dumps(question(1))
    content = f'[\n{good},\n{{"question_id": oops}},\n{{"question_id": 2}}, 7, {good}]]'
    rows = read(tmp_path / "q.json", content)
    assert ids(rows) == [1, 1]
    assert broken(rows) == [
        (3, "not JSON: Expecting value: line 1 column 17 (char 16)"),
        (4, "title: missing"),
        (4, "a ] too many"),
    ]


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ('"title": "', '"title": "t "'),
        ('"}]{', "}]{"),
        ("}", ""),
        ("}", "}]"),
    ],
)
@pytest.mark.parametrize("begin", ["[", '{"items": [', "[ "])
def test_reading_starts_again_at_the_next_line_of_a_question(
    tmp_path: Path, begin: str, good: str, bad: str
) -> None:
    lines = [json.dumps(question(number)) for number in range(1, 6)]
    for damaged in (0, 2):
        text = [*lines]
        text[damaged] = bad.join(lines[damaged].rsplit(good, 1))
        end = "\n]}" if "items" in begin else "\n]"
        rows = read(tmp_path / "q.json", begin + "\n" + ",\n".join(text) + end)
        assert set(ids(rows)) >= {1, 2, 3, 4, 5} - {damaged + 1}
        assert 1 <= len(broken(rows)) <= 2


STRAY = [
    ('"title": "', '"title": "t "'),
    ('"body": "', '"body": "'[:-1]),
    ('"}]{', "}]{"),
    ('"question_id"', '"question_id'),
    ('"tags": ["', '"tags": "["'),
    ('["r"', '"r"'),
    ('"anova"]', '"anova"'),
    ("}", ""),
    ("}", '}"'),
    ("}", "}]"),
    ("}", "}}"),
]


@pytest.mark.parametrize(("good", "bad"), STRAY)
@pytest.mark.parametrize("begin", ["[", '{"items": [', '{"quota_max": 300, "items": ['])
def test_reading_starts_again_at_the_next_question_of_the_line(
    tmp_path: Path, begin: str, good: str, bad: str
) -> None:
    rows = [json.dumps(question(number, owner={"a": [{}, {}]})) for number in range(1, 6)]
    assert good in rows[0]
    for separator in (",", ", ", ""):
        for damaged in (0, 2):
            texts = [*rows]
            texts[damaged] = bad.join(rows[damaged].rsplit(good, 1))
            end = "]}" if "items" in begin else "]"
            read_rows = read(tmp_path / "q.json", begin + separator.join(texts) + end)
            assert set(ids(read_rows)) >= {1, 2, 3, 4, 5} - {damaged + 1}
            assert len(ids(read_rows)) <= 5
            assert 1 <= len(broken(read_rows)) <= 3


def test_many_stray_marks_on_one_line_cost_each_its_own_question(tmp_path: Path) -> None:
    rows = [json.dumps(question(number, site="stats")) for number in range(1, 601)]
    texts = [t if n % 3 else t.replace('"title": "', '"title": "t "') for n, t in enumerate(rows)]
    found = read(tmp_path / "q.json", json.dumps([]) + "[" + ", ".join(texts) + "]")
    assert len(ids(found)) == 400
    assert len(broken(found)) == 200


def test_objects_inside_of_questions_begin_none_though_they_look_alike(tmp_path: Path) -> None:
    answers = [{"tags": ["a"], "title": "t"}, {"tags": ["b"]}]
    rows = [json.dumps({"tags": ["a"], "answers": answers, **question(n)}) for n in range(1, 6)]
    rows[1] = rows[1].replace('"title": "', '"title": "t "', 1)
    found = read(tmp_path / "q.json", "[" + ", ".join(rows) + "]")
    assert ids(found) == [1, 3, 4, 5]


def test_the_first_field_of_questions_is_learned(tmp_path: Path) -> None:
    rows = [json.dumps({"created by": "x", **question(number)}) for number in range(1, 5)]
    rows[2] = rows[2].replace('"body": "', '"body": ')
    found = read(tmp_path / "q.json", "[" + ", ".join(rows) + "]")
    assert ids(found) == [1, 2, 4]


def test_an_indented_object_does_not_swallow_the_next(tmp_path: Path) -> None:
    text = json.dumps([question(number, owner={"a": [{}]}) for number in range(1, 5)], indent=2)
    rows = read(tmp_path / "q.json", text.replace('"stats"', '"sta"ts"', 1))
    assert ids(rows) == [2, 3, 4]
    assert [line for line, _ in broken(rows)] == [2]


def test_an_object_that_never_ends_is_given_up_for_the_next_line(tmp_path: Path) -> None:
    long = json.dumps(question(1, body="x" * MAX_ROW_BYTES))
    lines = [
        long[:-1],
        json.dumps(question(2)),
        json.dumps(question(3))[:-1],
        *([json.dumps(question(4))] * 3),
    ]
    rows = read(tmp_path / "q.json", "[\n" + ",\n".join(lines))
    assert ids(rows) == [2, 4, 4, 4]
    assert [line for line, _ in broken(rows)] == [2, 4, 7]


@pytest.mark.parametrize("items", [[], [1, 2], ["a"]])
def test_a_question_may_have_items_before_its_number(tmp_path: Path, items: list[object]) -> None:
    content = {"items": items, **question(1)}
    rows = read(tmp_path / "q.json", json.dumps(content) + "\n" + json.dumps(question(2)))
    assert (ids(rows), broken(rows)) == ([1, 2], [])


@pytest.mark.parametrize("cut", [1, 30, 120])
def test_of_a_cut_document_what_was_read_before_counts(tmp_path: Path, cut: int) -> None:
    content = json.dumps([question(n) for n in range(1, 500)], indent=1)[:-cut]
    rows = read(tmp_path / "q.json", content)
    assert len(ids(rows)) >= 498
    assert len(broken(rows)) == 1
    assert "cut off" in broken(rows)[0][1]
    assert broken(rows)[0][0] >= content.count("\n")


def test_a_text_that_never_ends_is_given_up(tmp_path: Path) -> None:
    content = f'[{json.dumps(question(1))}, {{"title": "never closed }}' + "x" * (
        MAX_TEXT_BYTES + 2**17
    )
    rows = read(tmp_path / "q.json", content)
    assert ids(rows) == [1]
    assert "a quotation mark does not close" in broken(rows)[-1][1]


def test_lines_stay_lines(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    for content in ('{"site": "a", "x": [\n', json.dumps(question(1)) + "\n{\n"):
        path.write_text(content)
        with QuestionFile(path) as file, file.opened() as stream:
            assert file.format is Format.JSON_LINES
            assert list(read_json_lines(stream, Source("q", None)))


@pytest.mark.parametrize("before", ["", '[{"question_id": 1, "a": '])
def test_brackets_without_end_are_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str
) -> None:
    """Each of a hundred million would stay open."""
    monkeypatch.setattr("core.questions.files.json_documents.MOST_OPEN", 100)
    rows = read(tmp_path / "q.json", before + "[" * 200_000)
    assert rows[-1:] == [
        BrokenRow(
            str(tmp_path / "q.json"),
            1,
            "too many brackets are open here: what follows cannot be read",
        )
    ]


def test_an_object_of_a_million_values_is_one_broken_row(tmp_path: Path) -> None:
    many = [question(1), question(2, extra=[1] * 200_001), question(3)]
    rows = read(tmp_path / "q.json", json.dumps(many))
    assert ids(rows) == [1, 3]
    assert broken(rows) == [(1, "more than 100,000 values, as nothing honest has")]
