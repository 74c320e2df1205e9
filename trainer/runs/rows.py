"""A row for each training run, however it ends."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.engine import Connection

from core.database.tables import ModelVersion, TrainingRun
from core.errors import TaggerError
from core.questions.time_order import Seen
from core.questions.training_lock import DIED, STOPPED

RunOutcome = Literal["published", "promoted", "skipped", "failed"]

KEPT_REPORTS: Final = 50  # of a site
KEPT_SKIPPED: Final = timedelta(days=30)


def start_run(connection: Connection, site: str, *, now: datetime) -> int:
    """Add a run's row and return its key; end the rows of runs whose process died.

    Call it under the site's training_lock().
    """
    connection.execute(
        update(TrainingRun)
        .where(TrainingRun.site == site, TrainingRun.ended_at.is_(None))
        .values(ended_at=now, outcome="failed", error=DIED)
    )
    row = insert(TrainingRun).values(site=site, started_at=now).returning(TrainingRun.id)
    return connection.execute(row).scalar_one()


def note_data(
    connection: Connection, run: int, *, questions: int, seen: Seen, fingerprint: str
) -> None:
    """Write what a run has to learn from, by which the next one tells whether it is needed."""
    values = {"questions": questions, "seen_until": seen.until, "seen_row": seen.row}
    row = update(TrainingRun).where(TrainingRun.id == run)
    connection.execute(row.values(**values, fingerprint=fingerprint))


@dataclass(frozen=True, slots=True)
class PublishedRun:
    """An earlier run that made a version: when it began, and what it had to learn from."""

    started_at: datetime
    questions: int
    seen: Seen
    fingerprint: str


def find_last_published(connection: Connection, site: str) -> PublishedRun | None:
    """Return a site's newest run that made a version, if there is one."""
    made = (
        select(
            TrainingRun.started_at,
            TrainingRun.questions,
            TrainingRun.seen_until,
            TrainingRun.seen_row,
            TrainingRun.newest_question_id,
            TrainingRun.fingerprint,
        )
        .where(TrainingRun.site == site, TrainingRun.outcome.in_(["published", "promoted"]))
        .order_by(TrainingRun.started_at.desc(), TrainingRun.id.desc())
        .limit(1)
    )
    row = connection.execute(made).one_or_none()
    if row is None or row.questions is None or row.fingerprint is None:
        return None  # or one of an older program, which kept no such marks
    seen = Seen(row.seen_until, row.seen_row, row.newest_question_id)
    return PublishedRun(row.started_at, row.questions, seen, row.fingerprint)


def end_run(
    connection: Connection,
    run: int,
    outcome: RunOutcome,
    *,
    now: datetime,
    decision: str | None = None,
    error: str | None = None,
    model_version_id: int | None = None,
) -> None:
    """Write how a run ended, and why its version was promoted or not, or why it was skipped.

    One that has made a version does not fail any more.
    """
    row = update(TrainingRun).where(TrainingRun.id == run)
    if outcome == "failed":
        row = row.where(TrainingRun.ended_at.is_(None))
    connection.execute(
        row.values(
            ended_at=now,
            outcome=outcome,
            decision=decision,
            error=error,
            model_version_id=model_version_id,
        )
    )


def prune_runs(connection: Connection, site: str, *, now: datetime) -> None:
    """Delete old reports but the live version's, and the rows of old runs that were skipped."""
    of_site = TrainingRun.site == site
    live = select(ModelVersion.id).where(ModelVersion.site == site, ModelVersion.live)
    is_live = func.coalesce(TrainingRun.model_version_id, 0).in_(live)
    kept = (
        select(TrainingRun.id)
        .where(of_site, TrainingRun.report.is_not(None))
        .order_by(TrainingRun.id.desc())
        .limit(KEPT_REPORTS)
    )
    old = update(TrainingRun).where(of_site, TrainingRun.id.not_in(kept), ~is_live)
    connection.execute(old.where(TrainingRun.report.is_not(None)).values(report=None))
    skipped = delete(TrainingRun).where(of_site, TrainingRun.outcome == "skipped")
    connection.execute(skipped.where(TrainingRun.started_at < now - KEPT_SKIPPED))


def describe(error: BaseException) -> str:
    """One line for a run's row."""
    if isinstance(error, TaggerError):
        return str(error)
    if isinstance(error, KeyboardInterrupt | SystemExit):
        return STOPPED
    return f"{type(error).__name__}: {error}".strip().splitlines()[0].removesuffix(":")
