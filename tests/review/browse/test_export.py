import csv
import io
import json
from typing import Any

from pyarrow import parquet

from review.browse.export import FORMATS, Format
from tests.review.browse.made_up_question import AT, asked

PAGES = [[asked(1), asked(2, "=cmd()\n\x1b")], [asked(3, tags=(), model_version=None)]]


def written(name: Format) -> bytes:
    return b"".join(FORMATS[name].write(iter(PAGES)))


def test_csv_has_author_and_licence_and_no_cell_that_a_spreadsheet_runs() -> None:
    rows = list(csv.DictReader(io.StringIO(written("csv").decode(), newline="")))
    assert [row["question_id"] for row in rows] == ["1", "2", "3"]
    assert rows[0]["link"] == "https://stats.example/q/1"
    assert rows[0]["licence"] == "CC BY-SA 4.0"
    assert rows[0]["author"] == "'=HYPERLINK(evil)"
    assert rows[1]["title"].startswith("'=cmd()")
    assert rows[0]["suggested_tags"] == "r"
    assert rows[0]["predicted_tags"] == "r:0.750000 anova:0.250000"
    assert rows[0]["accepted_tags"] == "r glm"
    assert (rows[2]["model_version"], rows[2]["predicted_tags"]) == ("", "")


def test_json_has_an_object_a_line() -> None:
    first, second, third = map(json.loads, written("jsonl").decode().splitlines())
    assert (first["author"], first["rejected_tags"]) == ("=HYPERLINK(evil)", ["anova"])
    assert first["tags"][0] == {"tag": "r", "probability": 0.75, "suggested": True}
    assert (second["title"], third["tags"]) == ("=cmd()\n\x1b", [])


def test_parquet_has_a_group_of_rows_for_each_page_with_types() -> None:
    file = parquet.ParquetFile(io.BytesIO(written("parquet")))
    assert file.num_row_groups == 2
    rows = file.read().to_pylist()
    assert [row["question_id"] for row in rows] == [1, 2, 3]
    assert rows[0]["created_at"] == AT
    assert rows[0]["tags"][1] == {"tag": "anova", "probability": 0.25, "suggested": False}
    assert rows[0]["disputed_tags"] == ["spss"]
    assert rows[2]["model_version"] is None


def test_each_page_is_written_before_the_next_is_read() -> None:
    for name in FORMATS:
        read: list[int] = []

        def pages(read: list[int] = read) -> Any:
            for page in PAGES:
                read.append(len(read))
                yield page

        parts = FORMATS[name].write(pages())
        assert next(parts)
        assert read == [0], name


def test_an_empty_export_is_a_whole_file() -> None:
    assert b"".join(FORMATS["csv"].write([])).startswith(b"site,question_id")
    assert b"".join(FORMATS["jsonl"].write([])) == b""
    empty = b"".join(FORMATS["parquet"].write([]))
    assert parquet.ParquetFile(io.BytesIO(empty)).metadata.num_rows == 0
