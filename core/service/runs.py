"""A site's training runs, as everybody shows them."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.engine import Connection

from core.database.tables import ModelVersion, TrainingRun
from core.questions.training_lock import DIED, is_training


@dataclass(frozen=True, slots=True)
class RunRow:
    """A training run, without its report.

    Attributes:
        ended_at: None while it runs, and of one whose process died, which nobody saw end.
        outcome: promoted, published, skipped or failed; None while it runs.
        version: that it made.
        questions: that it had to learn from.
        decision: why its version was promoted or not, or why it was skipped.
        has_report: whether its row holds one.
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


def list_runs(connection: Connection, site: str, *, limit: int | None = None) -> list[RunRow]:
    """A site's latest runs, the newest first; one whose process died has failed.

    Args:
        connection: reads only.
        site: its name.
        limit: how many; all where unset.
    """
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
