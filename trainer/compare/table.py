"""The table of a comparison: on the terminal, as CSV and as JSON."""

import csv
import io
import json
import math
from typing import Any, Final

from rich.table import Table

from trainer.compare.run import Comparison, Row
from trainer.report.metric_names import METRIC_NAMES, format_metric
from trainer.scoring.metrics import METRICS

ON_TERMINAL: Final = ("precision_at_1", "recall_at_5", "micro_f1", "log_loss")


def terminal_table(comparison: Comparison) -> Table:
    """The most telling columns; the files have them all."""
    table = Table(box=None, header_style="bold")
    table.add_column("system", overflow="fold")
    for heading in (*(METRIC_NAMES[name].short for name in ON_TERMINAL), "train s", "questions/s"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in comparison.rows:
        table.add_row(*_cells(row))
    return table


def summary(row: Row) -> str:
    """One line about a system that has just finished."""
    if row.result is None:
        return f"{row.system}: {row.error}"
    values = "  ".join(
        f"{METRIC_NAMES[name].short} {format_metric(name, row.result.estimates[name].value)}"
        for name in ON_TERMINAL
    )
    return f"{row.system}: {values}  {row.result.train_seconds:.0f} s"


def _cells(row: Row) -> list[str]:
    if row.result is None:
        return [row.system, "[red]failed[/red]"]  # why, its own line has said
    result = row.result
    return [
        row.system,
        *(format_metric(name, result.estimates[name].value) for name in ON_TERMINAL),
        f"{result.train_seconds:.1f}",
        f"{result.questions_per_second:,.0f}",
    ]


def to_csv(comparison: Comparison) -> str:
    """A line for each system; a metric has a column for its value and for each interval's end."""
    columns = [f"{name}{end}" for name in METRICS for end in ("", "_low", "_high")]
    costs = ["train_seconds", "questions_per_second", "size_bytes"]
    stream = io.StringIO()
    writer = csv.DictWriter(stream, ["system", *columns, *costs, "error"], lineterminator="\n")
    writer.writeheader()
    for row in comparison.rows:
        writer.writerow(_flat(row))
    return stream.getvalue()


def _flat(row: Row) -> dict[str, Any]:
    if row.result is None:
        return {"system": row.system, "error": row.error}
    values: dict[str, Any] = {"system": row.system}
    for name, estimate in row.result.estimates.items():
        values[name] = round(estimate.value, 6)
        values[f"{name}_low"] = round(estimate.low, 6)
        values[f"{name}_high"] = round(estimate.high, 6)
    return values | _costs(row)


def _costs(row: Row) -> dict[str, Any]:
    if row.result is None:
        return {}
    return {
        "train_seconds": round(row.result.train_seconds, 3),
        "questions_per_second": round(row.result.questions_per_second, 1),
        "size_bytes": row.result.size,
    }


def to_json(comparison: Comparison) -> str:
    """The table as JSON."""
    document = to_document(comparison)
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def to_document(comparison: Comparison) -> dict[str, Any]:
    """All that was measured, and on what; of values that JSON knows."""
    data = comparison.data
    return {
        "site": data.site,
        "split": data.split,
        "questions": dict(data.parts),
        "labels": list(data.labels),
        "unfinished": list(comparison.unfinished),
        "systems": [_document(row, data.labels) for row in comparison.rows],
    }


def _document(row: Row, labels: tuple[str, ...]) -> dict[str, Any]:
    if row.result is None:
        return {"system": row.system, "error": row.error}
    result = row.result
    return {
        "system": row.system,
        "metrics": {
            name: {"value": estimate.value, "interval": [estimate.low, estimate.high]}
            for name, estimate in result.estimates.items()
        },
        **_costs(row),
        "label_f1": dict(zip(labels, result.label_f1.tolist(), strict=True)),
        "epochs": [
            {
                "number": epoch.number,
                "loss": _finite(epoch.loss),
                "validation_loss": _finite(epoch.val_loss),
            }
            for epoch in result.epochs
        ],
    }


def _finite(value: float | None) -> float | None:
    """The value, or None for what JSON has no number for: an epoch without validation."""
    return value if value is not None and math.isfinite(value) else None
