"""The layout of MLflow's file store, read back as MLflow reads it."""

from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from sqlalchemy import Engine, insert

from core.database.engine import reading
from core.database.tables import TrainingRun
from core.errors import ExportFailed
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import publish
from trainer.report.store import store_report
from trainer.versions.mlflow import export_runs

METRICS = {"precision_at_1": 0.75, "epochs": 3, "split": "time", "../evil": 1.0}


def arrange(engine: Engine, clock: ManualClock) -> None:
    """A run that made a version, and one that failed."""
    with engine.begin() as connection:
        made = word_bundle(metrics=METRICS, hyperparameters={"rate": 0.1, "a: b\n": "x"})
        version = publish(connection, made, now=clock.now())
        row = {"site": "stats", "started_at": clock.now()}
        ended = {"ended_at": clock.now() + timedelta(minutes=5)}
        runs = [
            row | ended | {"outcome": "published", "model_version_id": version.id, "questions": 9},
            row | ended | {"outcome": "failed", "error": "It's\nbroken: é"},
        ]
        for run in runs:
            found = connection.execute(insert(TrainingRun).values(run).returning(TrainingRun.id))
            store_report(connection, found.scalar_one(), "<p>report</p>")


def export(engine: Engine, folder: Path) -> Path:
    with reading(engine) as connection:
        assert export_runs(connection, "stats", folder) == 2
    (experiment,) = (path for path in folder.iterdir() if path.name != ".trash")
    return experiment


def test_a_run_has_the_files_that_mlflow_reads(
    engine: Engine, clock: ManualClock, tmp_path: Path
) -> None:
    arrange(engine, clock)
    experiment = export(engine, tmp_path / "mlruns")
    told = yaml.safe_load((experiment / "meta.yaml").read_text())
    assert told["experiment_id"] == experiment.name
    assert (told["name"], told["lifecycle_stage"]) == ("tagger stats", "active")
    runs = {
        yaml.safe_load(path.read_text())["status"]: path.parent
        for path in experiment.glob("*/meta.yaml")
    }
    assert set(runs) == {3, 4}
    made = runs[3]
    meta = yaml.safe_load((made / "meta.yaml").read_text())
    assert meta["run_id"] == meta["run_uuid"] == made.name
    assert meta["end_time"] - meta["start_time"] == 5 * 60 * 1000
    assert meta["artifact_uri"] == (made / "artifacts").as_uri()
    moment, value, step = (made / "metrics/precision_at_1").read_text().split()
    assert (int(moment), float(value), int(step)) == (meta["end_time"], 0.75, 0)
    assert sorted(path.name for path in (made / "metrics").iterdir()) == [
        *("epochs", "precision_at_1", "questions"),
    ]
    assert (made / "params/rate").read_text() == "0.1"
    assert (made / "artifacts/report.html").read_text() == "<p>report</p>"
    assert (runs[4] / "tags/why").read_text() == "It's\nbroken: é"


def test_a_name_that_would_leave_the_folder_is_left_out(
    sqlite_engine: Engine, clock: ManualClock, tmp_path: Path
) -> None:
    arrange(sqlite_engine, clock)
    export(sqlite_engine, tmp_path / "mlruns")
    assert not list(tmp_path.rglob("evil"))
    assert not list(tmp_path.rglob("a: b*"))


def test_an_export_over_an_older_one_adds_nothing_twice(
    sqlite_engine: Engine, clock: ManualClock, tmp_path: Path
) -> None:
    arrange(sqlite_engine, clock)
    export(sqlite_engine, tmp_path / "mlruns")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    export(sqlite_engine, tmp_path / "mlruns")
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


def test_a_folder_that_cannot_be_written_is_one_line(
    sqlite_engine: Engine, clock: ManualClock, tmp_path: Path
) -> None:
    arrange(sqlite_engine, clock)
    (tmp_path / "file").touch()
    with reading(sqlite_engine) as connection, pytest.raises(ExportFailed, match="--out"):
        export_runs(connection, "stats", tmp_path / "file" / "mlruns")
