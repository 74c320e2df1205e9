"""Training runs in the file layout of MLflow's tracking, which `mlflow ui` shows; without MLflow.

    mlruns/EXPERIMENT/meta.yaml               a site
    mlruns/EXPERIMENT/RUN/meta.yaml           a training run
    mlruns/EXPERIMENT/RUN/params/NAME         a hyperparameter, as text
    mlruns/EXPERIMENT/RUN/metrics/NAME        lines of: milliseconds, value, step
    mlruns/EXPERIMENT/RUN/tags/NAME           a text
    mlruns/EXPERIMENT/RUN/artifacts/…         files

It is that of mlflow/store/tracking/file_store.py, and was read back by MLflow 3.17. Every YAML file
holds one mapping of names to JSON scalars, which are YAML too. Equal runs have equal names, so an
export over an older one brings what is new and changes nothing else.
"""

import gzip
import json
import re
import uuid
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.engine import Connection

from core.database.tables import ModelVersion, TrainingRun
from core.errors import BundleRefused, ExportFailed, VersionPruned
from core.model.fetching import fetch_manifest
from core.model.registry import get_version

LONGEST_PARAMETER: Final = 6000  # characters that MLflow takes
_STATUS: Final = {None: 1, "failed": 4}  # running, failed; all others have finished
_FINISHED: Final = 3
_NAMESPACE: Final = uuid.UUID("5f3c9c0e-6a52-4d0f-9a38-0f1d3f6b7c11")  # any one, of our own


@dataclass(frozen=True, slots=True)
class _Run:
    """A run's row."""

    id: int
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None
    why: str
    questions: int | None
    version: int | None
    metrics: Mapping[str, Any] | None
    report: bytes | None


def export_runs(connection: Connection, site: str, folder: Path) -> int:
    """Write a site's training runs into a folder `mlruns`; return how many.

    Raises:
        ExportFailed: the folder cannot be written.
    """
    runs = _read(connection, site)
    try:
        experiment = folder / str(_experiment(site))
        experiment.mkdir(parents=True, exist_ok=True)
        (folder / ".trash").mkdir(exist_ok=True)  # MLflow makes it where it is missing
        times = [_milliseconds(run.started_at) for run in runs] or [0]
        _write_yaml(
            experiment / "meta.yaml",
            artifact_location=experiment.resolve().as_uri(),
            creation_time=min(times),
            experiment_id=experiment.name,
            last_update_time=max(times),
            lifecycle_stage="active",
            name=f"tagger {site}",
        )
        for run in runs:
            _export(connection, site, run, experiment)
    except OSError as error:
        raise ExportFailed(
            f"The runs cannot be written to {folder}: {error.strerror}. "
            "Name another folder with --out."
        ) from None
    return len(runs)


def _read(connection: Connection, site: str) -> list[_Run]:
    rows = connection.execute(
        select(
            TrainingRun.id,
            TrainingRun.started_at,
            TrainingRun.ended_at,
            TrainingRun.outcome,
            TrainingRun.error,
            TrainingRun.decision,
            TrainingRun.questions,
            ModelVersion.version,
            ModelVersion.metrics,
            TrainingRun.report,
        )
        .outerjoin(ModelVersion, ModelVersion.id == TrainingRun.model_version_id)
        .where(TrainingRun.site == site)
        .order_by(TrainingRun.id)
    )
    return [
        _Run(id_, started, ended, outcome, error or decision or "", *rest)
        for id_, started, ended, outcome, error, decision, *rest in rows
    ]


def _export(connection: Connection, site: str, run: _Run, experiment: Path) -> None:
    name = uuid.uuid5(_NAMESPACE, f"{site} {run.id} {run.started_at.isoformat()}").hex
    folder = experiment / name
    for part in ("params", "metrics", "tags", "artifacts"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    title = f"run {run.id}" + (f", version {run.version}" if run.version else "")
    ended = run.ended_at
    _write_yaml(
        folder / "meta.yaml",
        artifact_uri=(folder / "artifacts").resolve().as_uri(),
        end_time=None if ended is None else _milliseconds(ended),
        entry_point_name="",
        experiment_id=experiment.name,
        lifecycle_stage="active",
        run_id=name,
        run_name=title,
        run_uuid=name,
        source_name="tagger train",
        source_type=4,  # local
        source_version="",
        start_time=_milliseconds(run.started_at),
        status=_STATUS.get(run.outcome, _FINISHED),
        tags=[],
        user_id="",
    )
    moment = _milliseconds(ended or run.started_at)
    for key, number in _numbers(run).items():
        _write(folder / "metrics" / key, f"{moment} {number!r} 0\n")
    for key, value in _parameters(connection, site, run).items():
        _write(folder / "params" / key, value[:LONGEST_PARAMETER])
    told = {"mlflow.runName": title, "site": site, "outcome": run.outcome or "running"}
    for key, value in (told | {"why": run.why}).items():
        _write(folder / "tags" / key, value)
    if run.report is not None:
        page = gzip.decompress(run.report)
        (folder / "artifacts" / "report.html").write_bytes(page)


def _numbers(run: _Run) -> dict[str, float]:
    figures = {} if run.questions is None else {"questions": float(run.questions)}
    for name, value in (run.metrics or {}).items():
        if isinstance(value, int | float) and _is_name(name):
            figures[name] = float(value)
    return figures


def _parameters(connection: Connection, site: str, run: _Run) -> dict[str, str]:
    """The hyperparameters, which the version's bundle holds as long as it is not pruned."""
    if run.version is None:
        return {}
    version = get_version(connection, site, run.version)
    found: dict[str, Any] = {"version": version.version, "architecture": version.architecture}
    try:
        manifest = fetch_manifest(connection, version)
    except (VersionPruned, BundleRefused):
        pass
    else:
        found |= manifest.hyperparameters | {"data_fingerprint": manifest.data_fingerprint}
    return {name: str(value) for name, value in found.items() if _is_name(name)}


def _is_name(name: str) -> bool:
    """Whether MLflow takes it, and no file system takes it for anything else."""
    return re.fullmatch(r"[A-Za-z0-9_][\w. -]{0,249}", name, re.ASCII) is not None


def _experiment(site: str) -> int:
    """A number for a site, which never changes; MLflow's own have 18 digits."""
    return 10**17 + zlib.crc32(site.encode())


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _write_yaml(path: Path, **values: Any) -> None:
    lines = [f"{name}: {json.dumps(value)}\n" for name, value in sorted(values.items())]
    _write(path, "".join(lines))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
