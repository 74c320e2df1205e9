from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, update

from core.database.tables import TrainingRun
from core.errors import NotEnoughQuestions
from core.questions.time_order import Seen
from core.questions.training_lock import DIED
from core.service.runs import list_runs
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import publish_live
from trainer.report.store import store_report
from trainer.runs import rows as run_rows
from trainer.runs.rows import (
    KEPT_SKIPPED,
    PublishedRun,
    RunOutcome,
    describe,
    end_run,
    find_last_published,
    note_data,
    prune_runs,
    start_run,
)


def rows(engine: Engine) -> list[tuple[str | None, str | None, bool]]:
    """(outcome, error, whether it has ended) of every run."""
    found = select(TrainingRun.outcome, TrainingRun.error, TrainingRun.ended_at)
    with engine.connect() as connection:
        return [
            (outcome, error, ended is not None)
            for outcome, error, ended in connection.execute(found.order_by(TrainingRun.id))
        ]


def test_a_run_leaves_a_row(engine: Engine, clock: ManualClock) -> None:
    with engine.begin() as connection:
        run = start_run(connection, "stats", now=clock.now())
    assert rows(engine) == [(None, None, False)]
    with engine.begin() as connection:
        end_run(connection, run, "failed", now=clock.now() + timedelta(hours=1), error="why")
    assert rows(engine) == [("failed", "why", True)]


def test_the_next_run_ends_the_row_of_one_that_died(engine: Engine, clock: ManualClock) -> None:
    with engine.begin() as connection:
        start_run(connection, "stats", now=clock.now())
        start_run(connection, "cooking", now=clock.now())
        start_run(connection, "stats", now=clock.now())
    assert rows(engine) == [("failed", DIED, True), (None, None, False), (None, None, False)]


def run(
    engine: Engine,
    clock: ManualClock,
    outcome: RunOutcome,
    *,
    site: str = "stats",
    report: str = "",
) -> int:
    """A run that ended at once, with its report."""
    with engine.begin() as connection:
        key = start_run(connection, site, now=clock.now())
        seen = Seen(clock.now(), key * 1000)
        note_data(connection, key, questions=key * 100, seen=seen, fingerprint=f"of {key}")
        end_run(connection, key, outcome, now=clock.now())
        if report:
            store_report(connection, key, report)
    return key


def test_the_last_run_that_made_a_version_says_what_it_learned_from(
    engine: Engine, clock: ManualClock
) -> None:
    with engine.connect() as connection:
        assert find_last_published(connection, "stats") is None
    run(engine, clock, "promoted")
    made = run(engine, clock, "published")
    outcomes: tuple[RunOutcome, ...] = ("skipped", "failed")
    for outcome in outcomes:
        run(engine, clock, outcome)
    run(engine, clock, "promoted", site="cooking")
    with engine.connect() as connection:
        found = find_last_published(connection, "stats")
    assert found == PublishedRun(
        clock.now(), made * 100, Seen(clock.now(), made * 1000), f"of {made}"
    )


def test_a_run_that_has_made_a_version_does_not_fail_any_more(
    engine: Engine, clock: ManualClock
) -> None:
    made = run(engine, clock, "promoted")
    with engine.begin() as connection:
        end_run(connection, made, "failed", now=clock.now(), error="too late")
    assert rows(engine) == [("promoted", None, True)]


def test_old_reports_are_deleted_and_their_rows_stay(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_rows, "KEPT_REPORTS", 2)
    other = run(engine, clock, "promoted", site="cooking", report="x")
    runs = [run(engine, clock, "promoted", report="x") for _ in range(3)]
    with engine.begin() as connection:
        prune_runs(connection, "stats", now=clock.now())
        kept = {one.id: one.has_report for one in list_runs(connection, "stats")}
        others = [one.id for one in list_runs(connection, "cooking") if one.has_report]
    assert kept == {runs[0]: False, runs[1]: True, runs[2]: True}
    assert others == [other]


def test_the_report_of_the_live_version_stays_however_many_runs_fail_after_it(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_rows, "KEPT_REPORTS", 1)
    live = publish_live(engine, word_bundle(), now=clock.now())
    made = run(engine, clock, "promoted", report="x")
    with engine.begin() as connection:
        chosen = update(TrainingRun).where(TrainingRun.id == made)
        connection.execute(chosen.values(model_version_id=live.id))
    failed = [run(engine, clock, "failed", report="x") for _ in range(3)]
    with engine.begin() as connection:
        prune_runs(connection, "stats", now=clock.now())
        kept = [one.id for one in list_runs(connection, "stats") if one.has_report]
    assert sorted(kept) == [made, failed[-1]]


def test_rows_of_skipped_runs_are_deleted_when_they_are_old(
    engine: Engine, clock: ManualClock
) -> None:
    outcomes: tuple[RunOutcome, ...] = ("skipped", "failed")
    for outcome in outcomes:
        run(engine, clock, outcome)
    clock.sleep(KEPT_SKIPPED.total_seconds() + 1)
    run(engine, clock, "skipped")
    with engine.begin() as connection:
        prune_runs(connection, "stats", now=clock.now())
        assert [one.outcome for one in list_runs(connection, "stats")] == ["skipped", "failed"]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (NotEnoughQuestions("too few"), "too few"),
        (KeyboardInterrupt(), "stopped"),
        (SystemExit(143), "stopped"),
        (ValueError("first\nsecond"), "ValueError: first"),
        (MemoryError(), "MemoryError"),
    ],
)
def test_a_failure_is_described_in_one_line(error: BaseException, expected: str) -> None:
    assert describe(error) == expected
