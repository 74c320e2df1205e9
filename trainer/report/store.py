"""Where the report of a run is kept: in the run's own row, compressed."""

import gzip

from sqlalchemy import select, update
from sqlalchemy.engine import Connection

from core.database.tables import TrainingRun
from core.errors import NoReport
from core.service.runs import RunRow, list_runs


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
    missing = "no training run with a report"
    if run is not None:
        missing = f"no report of a training run {run}"
    if version is not None:
        missing = f"{missing} that made version {version}"
    for found in list_runs(connection, site):
        is_meant = run in (None, found.id) and version in (None, found.version)
        if is_meant and (found.has_report or found.outcome == "failed"):
            return found.id, _read(connection, site, found)
    raise NoReport(
        f"The site {site} has {missing}. Show its runs with: "
        f"tagger models report --site {site} --list"
    )


def _read(connection: Connection, site: str, run: RunRow) -> str:
    packed = connection.scalar(select(TrainingRun.report).where(TrainingRun.id == run.id))
    return _of_row(site, run) if packed is None else gzip.decompress(packed).decode()


def _of_row(site: str, run: RunRow) -> str:
    """The report of a run that left nothing but its row."""
    from trainer.report.page import to_html  # noqa: PLC0415 (NumPy, which --help does not need)
    from trainer.report.record import RunRecord  # noqa: PLC0415

    return to_html(
        RunRecord(
            site=site,
            run=run.id,
            started_at=run.started_at,
            ended_at=run.ended_at,
            outcome=run.outcome,
            error=run.error,
        )
    )
