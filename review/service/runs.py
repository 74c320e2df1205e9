"""The reports of training runs."""

import gzip

from sqlalchemy import select
from sqlalchemy.engine import Connection

from core.database.tables import TrainingRun
from core.errors import NoReport


def read_report(connection: Connection, run: int) -> bytes:
    """The HTML of a run's report.

    Raises:
        NoReport: there is no such run, or it has none.
    """
    report = connection.scalar(select(TrainingRun.report).where(TrainingRun.id == run))
    if report is None:
        raise NoReport(f"There is no report of a training run {run}.")
    return gzip.decompress(report)
