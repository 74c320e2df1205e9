"""The record of a training run: begun with its row, and kept as its report, however it ends."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Engine

from core.clock import Clock
from core.errors import TooFewQuestions
from trainer.report.page import to_html
from trainer.report.record import RunRecord
from trainer.report.store import store_report
from trainer.runs.rows import RunOutcome, describe, end_run, prune_runs, start_run

log = logging.getLogger(__name__)


@contextmanager
def recorded(engine: Engine, site: str, architecture: str, clock: Clock) -> Iterator[RunRecord]:
    """Start a run and give its record; where it fails, its row tells so and holds the report.

    One that is refused for too few questions is skipped: nothing was begun that could fail. Call
    it under the site's training_lock().
    """
    with engine.begin() as connection:
        run = start_run(connection, site, now=clock.now())
    record = RunRecord(run=run, site=site, architecture=architecture, started_at=clock.now())
    try:
        yield record
    except TooFewQuestions as refused:
        with engine.begin() as connection:
            end_run(connection, run, "skipped", now=clock.now(), decision=str(refused))
            prune_runs(connection, site, now=clock.now())
        raise
    except BaseException as error:
        record.error = describe(error)
        with engine.begin() as connection:
            end_run(connection, run, "failed", now=clock.now(), error=record.error)
        keep_report(engine, record, "failed", clock)
        raise


def keep_report(engine: Engine, record: RunRecord, outcome: RunOutcome, clock: Clock) -> None:
    """Draw it when the row is written, and outside of transactions: it takes seconds.

    Reports and runs of before go where there are too many, however this run ended: a site whose
    trainings fail has reports, too.
    """
    report = draw_report(record, outcome, clock.now())
    with engine.begin() as connection:
        if report is not None:
            store_report(connection, record.run, report)
        prune_runs(connection, record.site, now=clock.now())


def draw_report(record: RunRecord, outcome: RunOutcome, now: datetime) -> str | None:
    """Return the report's HTML; None where even that fails, which fails no run."""
    record.outcome, record.ended_at = outcome, now
    try:
        return to_html(record)
    except Exception:
        log.exception("the report of the run %d of %s cannot be drawn", record.run, record.site)
        return None
