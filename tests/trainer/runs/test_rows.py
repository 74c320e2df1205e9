import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from core.database.engine import make_engine
from core.database.tables import TrainingRun
from core.errors import NotEnoughQuestions, TrainingInProgress
from core.questions.time_order import Seen
from tests.conftest import ManualClock
from trainer.report.store import list_runs, store_report
from trainer.runs import rows as run_rows
from trainer.runs.rows import (
    DIED,
    KEPT_SKIPPED,
    PublishedRun,
    RunOutcome,
    describe,
    end_run,
    find_last_published,
    note_data,
    prune_runs,
    start_run,
    training_lock,
)

HOLDER = """
import sys
from core.database.engine import make_engine
from trainer.runs.rows import training_lock
with training_lock(make_engine(sys.argv[1]), "stats"):
    print("locked", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(engine: Engine) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock of the site stats."""
    address = engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", HOLDER, address]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        yield process
        process.kill()


def is_locked(engine: Engine, site: str) -> bool:
    try:
        with training_lock(engine, site):
            return False
    except TrainingInProgress:
        return True


def rows(engine: Engine) -> list[tuple[str | None, str | None, bool]]:
    """(outcome, error, whether it has ended) of every run."""
    found = select(TrainingRun.outcome, TrainingRun.error, TrainingRun.ended_at)
    with engine.connect() as connection:
        return [
            (outcome, error, ended is not None)
            for outcome, error, ended in connection.execute(found.order_by(TrainingRun.id))
        ]


def test_a_site_is_trained_by_one_process_at_a_time(engine: Engine) -> None:
    with holder(engine):
        assert is_locked(engine, "stats")
        assert not is_locked(engine, "cooking")


def test_a_killed_holder_frees_the_lock(engine: Engine) -> None:
    with holder(engine) as process:
        process.kill()
        process.wait()
        assert not is_locked(engine, "stats")


def test_the_lock_is_free_again_after_a_run_however_it_ended(engine: Engine) -> None:
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), training_lock(engine, "stats"):
            raise ZeroDivisionError
    other = make_engine(engine.url.render_as_string(hide_password=False))
    with training_lock(engine, "stats"):
        assert is_locked(other, "stats")
    assert not is_locked(other, "stats")
    other.dispose()


def test_a_site_with_an_odd_name_has_a_lock_too(sqlite_engine: Engine) -> None:
    assert not is_locked(sqlite_engine, "../../etc")


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
        kept = {one.run: one.has_report for one in list_runs(connection, "stats")}
        others = [one.run for one in list_runs(connection, "cooking") if one.has_report]
    assert kept == {runs[0]: False, runs[1]: True, runs[2]: True}
    assert others == [other]


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
        assert [one.outcome for one in list_runs(connection, "stats")] == ["failed", "skipped"]


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
