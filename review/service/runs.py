"""The training runs, and their reports."""

import gzip
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.engine import Connection

from core.database.tables import ModelVersion, TrainingRun
from core.errors import NoReport
from core.questions.training_lock import DIED, is_training

MOST_RUNS = 20


@dataclass(frozen=True, slots=True)
class RunRow:
    """A training run.

    Attributes:
        outcome: promoted, published, skipped or failed; None while it runs.
        version: that it made.
        note: why it ended as it did.
    """

    id: int
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None
    version: int | None
    questions: int | None
    error: str | None
    decision: str | None
    has_report: bool

    @property
    def note(self) -> str:
        """Why it ended as it did: the error, or else the decision."""
        return self.error or self.decision or ""

    @property
    def minutes(self) -> float | None:
        """How long it took."""
        if self.ended_at is None:
            return None
        return (self.ended_at - self.started_at).total_seconds() / 60


def list_runs(connection: Connection, site: str, *, limit: int = MOST_RUNS) -> list[RunRow]:
    """A site's latest runs, the newest first."""
    rows = (
        select(
            TrainingRun.id,
            TrainingRun.started_at,
            TrainingRun.ended_at,
            TrainingRun.outcome,
            ModelVersion.version,
            TrainingRun.questions,
            TrainingRun.error,
            TrainingRun.decision,
            TrainingRun.report.is_not(None),
        )
        .outerjoin(ModelVersion, ModelVersion.id == TrainingRun.model_version_id)
        .where(TrainingRun.site == site)
        .order_by(TrainingRun.started_at.desc(), TrainingRun.id.desc())
        .limit(limit)
    )
    found = [RunRow(*row) for row in connection.execute(rows)]
    if all(row.outcome for row in found) or is_training(connection, site):
        return found
    return [row if row.outcome else replace(row, outcome="failed", error=DIED) for row in found]


def read_report(connection: Connection, run: int) -> bytes:
    """The HTML of a run's report.

    Raises:
        NoReport: there is no such run, or it has none.
    """
    report = connection.scalar(select(TrainingRun.report).where(TrainingRun.id == run))
    if report is None:
        raise NoReport(f"There is no report of a training run {run}.")
    return gzip.decompress(report)
