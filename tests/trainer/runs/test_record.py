"""The record of a run: what is left of it, however it ends."""

import logging
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from core.database.tables import TrainingRun
from core.errors import NoReport, TooFewQuestions, TrainingError
from core.questions.training_lock import training_lock
from tests.conftest import ManualClock
from trainer.report.record import RunRecord
from trainer.report.store import load_report
from trainer.runs import record as runs_record
from trainer.runs import rows as run_rows
from trainer.runs.record import draw_report, keep_report, recorded


def rows(engine: Engine) -> list[tuple[str | None, str | None]]:
    """(outcome, error) of every run."""
    found = select(TrainingRun.outcome, TrainingRun.error).order_by(TrainingRun.id)
    with engine.connect() as connection:
        return [(outcome, error) for outcome, error in connection.execute(found)]


def test_a_run_begins_with_its_row(sqlite_engine: Engine, clock: ManualClock) -> None:
    with recorded(sqlite_engine, "stats", "conv1d", clock) as record:
        assert rows(sqlite_engine) == [(None, None)]
    assert (record.site, record.architecture) == ("stats", "conv1d")
    assert record.started_at == clock.now()
    assert rows(sqlite_engine) == [(None, None)]  # whoever runs it says how it ended


@pytest.mark.parametrize(
    ("error", "told"),
    [(TrainingError("It did not learn."), "It did not learn."), (SystemExit(143), "stopped")],
)
def test_a_run_that_fails_leaves_its_error_and_a_report_of_what_was_known(
    sqlite_engine: Engine, clock: ManualClock, error: BaseException, told: str
) -> None:
    def fail() -> None:
        with recorded(sqlite_engine, "stats", "conv1d", clock) as record:
            record.hyperparameters = {"epochs": 7}
            clock.sleep(65)
            raise error

    with pytest.raises(type(error)):
        fail()
    assert rows(sqlite_engine) == [("failed", told)]
    with sqlite_engine.connect() as connection:
        _, html = load_report(connection, "stats")
    assert told in html
    assert "epochs 7" in html
    assert "took 1:05 minutes" in html


def test_of_runs_that_fail_no_more_reports_are_kept_than_of_others(
    sqlite_engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_rows, "KEPT_REPORTS", 2)

    def fail() -> None:
        with recorded(sqlite_engine, "stats", "conv1d", clock):
            raise TrainingError("It did not learn.")

    for _ in range(3):
        with pytest.raises(TrainingError):
            fail()
    with sqlite_engine.connect() as connection:
        kept = connection.scalars(select(TrainingRun.report.is_not(None)).order_by(TrainingRun.id))
        assert list(kept) == [False, True, True]


def test_a_run_that_asks_for_more_questions_is_skipped_and_has_no_report(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    """Health and alerts tell of runs that failed, and nobody could mend this one."""
    with (
        pytest.raises(TooFewQuestions, match="940 are missing"),
        recorded(sqlite_engine, "stats", "conv1d", clock),
    ):
        raise TooFewQuestions("940 are missing.")
    assert rows(sqlite_engine) == [("skipped", None)]
    with sqlite_engine.connect() as connection, pytest.raises(NoReport):
        load_report(connection, "stats")


def test_a_report_that_cannot_be_drawn_fails_no_run(
    sqlite_engine: Engine,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(_: RunRecord) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr(runs_record, "to_html", fail)
    with recorded(sqlite_engine, "stats", "conv1d", clock) as record:
        pass
    with caplog.at_level(logging.ERROR):
        keep_report(sqlite_engine, record, "promoted", clock)
    assert f"the report of the run {record.run} of stats cannot be drawn" in caplog.text
    with (
        training_lock(sqlite_engine, "stats"),
        sqlite_engine.connect() as connection,
        pytest.raises(NoReport),
    ):
        load_report(connection, "stats")


def test_a_report_says_how_the_run_ended(clock: ManualClock) -> None:
    record = RunRecord(run=1, site="stats", started_at=clock.now(), architecture="conv1d")
    record.version = 4
    html = draw_report(record, "published", clock.now() + timedelta(minutes=2))
    assert html is not None
    assert "Version 4 (conv1d) is kept and not live." in html
    assert "took 2:00 minutes" in html
