"""Results as files: CSV that no spreadsheet runs, JSON that is JSON, a line at a time."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator

import pytest

from review.results.find import Result
from review.results.formats import CSV_COLUMNS, write_csv, write_json, write_json_lines
from tests.review.results.made_up_result import TAGS, result


def test_csv_has_a_row_for_each_tag_and_no_cell_that_a_spreadsheet_runs() -> None:
    file = io.StringIO()
    write_csv([result(1), result(2, "=cmd()")], file)
    rows = list(csv.DictReader(io.StringIO(file.getvalue())))
    assert [row["title"] for row in rows] == ["A title", "A title", "'=cmd()", "'=cmd()"]
    assert [row["verdict"] for row in rows] == ["accepted", ""] * 2
    assert [row["suggested"] for row in rows] == ["1", "0"] * 2


def test_the_csv_that_goes_on_has_no_header_of_its_own() -> None:
    file = io.StringIO()
    write_csv([result(1)], file, header=False)
    assert len(file.getvalue().splitlines()) == len(TAGS)
    assert CSV_COLUMNS[0] not in file.getvalue()


@pytest.mark.parametrize("count", [0, 1, 3])
def test_json_is_an_array(count: int) -> None:
    file = io.StringIO()
    write_json(map(result, range(count)), file)
    told = json.loads(file.getvalue())
    assert [one["question_id"] for one in told] == list(range(count))
    for one in told:
        assert one["tags"][0] == {
            "tag": "c++",
            "probability": 0.9,
            "suggested": True,
            "verdict": "accepted",
        }


def test_json_lines_have_a_line_for_each_question_and_no_control() -> None:
    file = io.StringIO()
    write_json_lines([result(1), result(2, "A \x1b[2J\u2028title")], file)
    assert "\x1b" not in file.getvalue()
    told = [json.loads(line) for line in file.getvalue().splitlines()]
    assert [one["title"] for one in told] == ["A title", "A \x1b[2J\u2028title"]


@pytest.mark.parametrize("write", [write_csv, write_json, write_json_lines])
def test_each_result_is_written_before_the_next_is_read(
    write: Callable[[Iterable[Result], io.StringIO], None],
) -> None:
    file, written = io.StringIO(), list[int]()

    def one_by_one() -> Iterator[Result]:
        for number in range(3):
            yield result(number)
            written.append(len(file.getvalue()))

    write(one_by_one(), file)
    assert written == sorted(set(written))
