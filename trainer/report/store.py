"""Where the report of a run is kept: in the run's own row, compressed."""

import gzip
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.engine import Connection

from core.database.tables import ModelVersion, TrainingRun
from core.errors import NoReport


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run's row, without its report.

    Attributes:
        run: its key.
        started_at: of the run.
        outcome: published, promoted, skipped or failed; None while it runs.
        version: that it made.
        note: why it ended as it did: the decision, or the error.
        has_report: whether there is one.
    """

    run: int
    started_at: datetime
    outcome: str | None
    version: int | None
    note: str
    has_report: bool


def store_report(connection: Connection, run: int, html: str) -> None:
    """Keep a run's report in its row."""
    packed = gzip.compress(html.encode(), mtime=0)
    connection.execute(update(TrainingRun).where(TrainingRun.id == run).values(report=packed))


def load_report(
    connection: Connection, site: str, *, run: int | None = None, version: int | None = None
) -> tuple[int, str]:
    """Return a run's key and the HTML of its report; by default of the newest run that has one.

    A run that was killed drew none: its report is what its row tells.

    Args:
        connection: to the database.
        site: whose run.
        run: its key.
        version: that it made.

    Raises:
        NoReport: the site has no such run, or it is one that goes on or had nothing to do.
    """
    statement = (
        select(TrainingRun.id, TrainingRun.started_at, TrainingRun.ended_at)
        .add_columns(TrainingRun.error, TrainingRun.report)
        .outerjoin(ModelVersion, ModelVersion.id == TrainingRun.model_version_id)
        .where(TrainingRun.site == site)
        .where(TrainingRun.report.is_not(None) | (TrainingRun.outcome == "failed"))
        .order_by(TrainingRun.id.desc())
        .limit(1)
    )
    missing = "no training run with a report"
    if run is not None:
        statement = statement.where(TrainingRun.id == run)
        missing = f"no report of a training run {run}"
    if version is not None:
        statement = statement.where(ModelVersion.version == version)
        missing = f"{missing} that made version {version}"
    found = connection.execute(statement).first()
    if found is None:
        raise NoReport(
            f"The site {site} has {missing}. Show its runs with: "
            f"tagger models report --site {site} --list"
        )
    if found.report is not None:
        return found.id, gzip.decompress(found.report).decode()
    return found.id, _of_row(site, found)


def _of_row(site: str, row: Row[Any]) -> str:
    """The report of a run that left nothing but its row."""
    from trainer.report.page import to_html  # noqa: PLC0415 (NumPy, which --help does not need)
    from trainer.report.record import RunRecord  # noqa: PLC0415

    return to_html(
        RunRecord(
            site=site,
            run=row.id,
            started_at=row.started_at,
            ended_at=row.ended_at,
            outcome="failed",
            error=row.error,
        )
    )


def list_runs(connection: Connection, site: str) -> list[RunRow]:
    """Return a site's runs, the newest last."""
    rows = connection.execute(
        select(
            TrainingRun.id,
            TrainingRun.started_at,
            TrainingRun.outcome,
            ModelVersion.version,
            func.coalesce(TrainingRun.error, TrainingRun.decision, ""),
            TrainingRun.report.is_not(None),
        )
        .outerjoin(ModelVersion, ModelVersion.id == TrainingRun.model_version_id)
        .where(TrainingRun.site == site)
        .order_by(TrainingRun.id)
    )
    return [RunRow(*row) for row in rows]
