"""One training run at a time for a site, and a row for each, however it ends."""

import fcntl
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal
from urllib.parse import quote

from sqlalchemy import Engine, delete, func, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from core.database.tables import TrainingRun
from core.errors import DatabaseUnreachable, TaggerError, TrainingInProgress
from core.questions.time_order import Seen

RunOutcome = Literal["published", "promoted", "skipped", "failed"]

DIED: Final = "the process ended while at it"
KEPT_REPORTS: Final = 50  # of a site
KEPT_SKIPPED: Final = timedelta(days=30)
_POSTGRES_LOCKS: Final = 0x7A66E3  # any number of our own: the space of the sites' locks


@contextmanager
def training_lock(engine: Engine, site: str) -> Iterator[None]:
    """Keep other runs for a site out, on every host; freed by the system when the holder dies.

    It is an advisory lock of Postgres' session, or one of the file system beside the SQLite file.

    Raises:
        TrainingInProgress: another process trains a model for the site.
    """
    lock = _postgres_lock if engine.dialect.name == "postgresql" else _file_lock
    with lock(engine, site) as mine:
        if not mine:
            raise TrainingInProgress(
                f"A model for the site {site} is being trained already; try again when that run "
                "has ended."
            )
        yield


@contextmanager
def _postgres_lock(engine: Engine, site: str) -> Iterator[bool]:
    key = _POSTGRES_LOCKS, zlib.crc32(site.encode()) - (1 << 31)  # two signed integers
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        mine = bool(connection.execute(select(func.pg_try_advisory_lock(*key))).scalar())
        try:
            yield mine
        finally:
            if mine:
                # A session that is gone holds no lock.
                with suppress(DBAPIError, DatabaseUnreachable):
                    connection.execute(select(func.pg_advisory_unlock(*key)))


@contextmanager
def _file_lock(engine: Engine, site: str) -> Iterator[bool]:
    database = engine.url.database
    if database in (None, "", ":memory:"):
        yield True  # nobody else sees it
        return
    with Path(f"{database}.training-{quote(site, safe='')}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


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
    """Delete old reports, and the rows of old runs that were skipped."""
    of_site = TrainingRun.site == site
    kept = (
        select(TrainingRun.id)
        .where(of_site, TrainingRun.report.is_not(None))
        .order_by(TrainingRun.id.desc())
        .limit(KEPT_REPORTS)
    )
    old = update(TrainingRun).where(of_site, TrainingRun.id.not_in(kept.scalar_subquery()))
    connection.execute(old.where(TrainingRun.report.is_not(None)).values(report=None))
    skipped = delete(TrainingRun).where(of_site, TrainingRun.outcome == "skipped")
    connection.execute(skipped.where(TrainingRun.started_at < now - KEPT_SKIPPED))


def describe(error: BaseException) -> str:
    """One line for a run's row."""
    if isinstance(error, TaggerError):
        return str(error)
    if isinstance(error, KeyboardInterrupt | SystemExit):
        return "stopped"
    return f"{type(error).__name__}: {error}".strip().splitlines()[0].removesuffix(":")
