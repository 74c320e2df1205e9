"""The files of a comparison."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from trainer.compare.repeated import SystemMeans, means_csv
from trainer.compare.report import to_html
from trainer.compare.run import Comparison
from trainer.compare.table import to_csv, to_json

REPORT: Final = "report.html"
MEANS: Final = "splits.csv"


def write_table(comparison: Comparison, folder: Path) -> None:
    """Write the table in both formats; after each row, so that nothing is lost."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "table.csv").write_text(to_csv(comparison), encoding="utf-8")
    (folder / "table.json").write_text(to_json(comparison), encoding="utf-8")


def write_report(comparison: Comparison, folder: Path) -> Path:
    """Write the report and return where it is."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / REPORT
    path.write_text(to_html(comparison), encoding="utf-8")
    return path


def write_means(means: Sequence[SystemMeans], folder: Path) -> Path:
    """Write the table over all splits and return where it is."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / MEANS
    path.write_text(means_csv(means), encoding="utf-8")
    return path
