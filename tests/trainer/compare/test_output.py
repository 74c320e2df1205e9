import csv
import json
from pathlib import Path

import pytest

from tests.trainer.compare.made_up_comparison import made_up_comparison
from trainer.compare.output import write_report, write_table


def test_the_table_is_written_in_both_formats_and_again_after_each_row(tmp_path: Path) -> None:
    comparison, folder = made_up_comparison(), tmp_path / "new" / "folder"
    rows, comparison.rows = comparison.rows, []
    for row in rows:
        comparison.rows.append(row)
        write_table(comparison, folder)
    with (folder / "table.csv").open() as file:
        assert [row["system"] for row in csv.DictReader(file)] == ["conv1d", "broken", "simple"]
    systems = json.loads((folder / "table.json").read_text())["systems"]
    assert [system["system"] for system in systems] == ["conv1d", "broken", "simple"]


@pytest.mark.slow
def test_the_report_is_written_where_it_says(tmp_path: Path) -> None:
    path = write_report(made_up_comparison(), tmp_path / "new")
    assert path == tmp_path / "new" / "report.html"
    assert path.read_text().startswith("<!doctype html>")
