"""The table's three shapes."""

import csv
import io
import json
import math
from dataclasses import replace

from rich.console import Console

from tests.trainer.compare.made_up_comparison import EVIL, made_up_comparison
from trainer.compare.run import Row
from trainer.compare.table import summary, terminal_table, to_csv, to_json
from trainer.scoring.metrics import METRICS


def test_csv_has_every_metric_with_its_interval_and_the_costs() -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(made_up_comparison()))))
    assert [row["system"] for row in rows] == ["conv1d", "broken", "simple"]
    for name in METRICS:
        assert float(rows[0][f"{name}_low"]) <= float(rows[0][name])
        assert float(rows[0][name]) <= float(rows[0][f"{name}_high"])
    assert (rows[0]["train_seconds"], rows[0]["size_bytes"]) == ("12.34", "2500000")


def test_a_system_that_failed_is_a_row_with_its_error() -> None:
    comparison = made_up_comparison()
    rows = list(csv.DictReader(io.StringIO(to_csv(comparison))))
    assert rows[1]["error"] == f"it failed, {EVIL}"
    assert rows[1]["precision_at_1"] == ""
    assert json.loads(to_json(comparison))["systems"][1]["error"] == rows[1]["error"]
    assert summary(comparison.rows[1]) == f"broken: it failed, {EVIL}"


def test_json_says_on_what_was_measured() -> None:
    document = json.loads(to_json(made_up_comparison()))
    assert document["questions"] == {"train": 144, "validation": 16, "test": 40}
    first = document["systems"][0]
    low, high = first["metrics"]["precision_at_1"]["interval"]
    assert low <= first["metrics"]["precision_at_1"]["value"] <= high
    assert len(first["label_f1"]) == 6
    assert len(first["epochs"]) == 3


def test_the_terminal_shows_a_line_for_each_system() -> None:
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(terminal_table(made_up_comparison()))
    _, conv1d, broken, simple = console.export_text().strip().splitlines()
    assert (conv1d.split()[0], "4,321" in conv1d) == ("conv1d", True)
    assert broken.split() == ["broken", "failed"]
    assert simple.split()[0] == "simple"


def test_an_epoch_without_validation_is_valid_json() -> None:
    comparison = made_up_comparison()
    result = comparison.rows[0].result
    assert result is not None
    unknown = replace(result.epochs[0], val_loss=math.nan)
    comparison.rows[0] = Row("conv1d", replace(result, epochs=(unknown,)))
    document = json.loads(to_json(comparison), parse_constant=lambda name: f"invalid {name}")
    assert document["systems"][0]["epochs"][0]["validation_loss"] is None
