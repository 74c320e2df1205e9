import pytest
from sqlalchemy import Engine, select

from core.database.engine import reading
from core.database.tables import TrainingRun
from core.errors import NoReport
from core.questions.training_lock import DIED, training_lock
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import publish
from trainer.report.store import load_report, store_report
from trainer.runs.rows import end_run, start_run

HTML = "<p>é " + "tags " * 1000


def test_a_report_is_kept_small_and_comes_back_as_it_was(
    engine: Engine, clock: ManualClock
) -> None:
    with engine.begin() as connection:
        run = start_run(connection, "stats", now=clock.now())
        store_report(connection, run, HTML)
        assert load_report(connection, "stats") == (run, HTML)
        kept = connection.execute(select(TrainingRun.report)).scalar_one()
        assert kept is not None
        assert len(kept) < len(HTML) / 10


def test_the_newest_report_is_the_one_unless_a_run_or_a_version_is_named(
    engine: Engine, clock: ManualClock
) -> None:
    with engine.begin() as connection:
        first, second, other = (
            start_run(connection, site, now=clock.now()) for site in ("stats", "stats", "cooking")
        )
        version = publish(connection, word_bundle(), now=clock.now())
        end_run(connection, first, "published", now=clock.now(), model_version_id=version.id)
        for run in (first, second, other):
            store_report(connection, run, f"report of {run}")
        start_run(connection, "stats", now=clock.now())  # it has none yet
    with training_lock(engine, "stats"), reading(engine) as connection:
        assert load_report(connection, "stats")[0] == second
        assert load_report(connection, "stats", run=first) == (first, f"report of {first}")
        assert load_report(connection, "stats", version=1)[0] == first


def test_a_report_that_is_not_there_is_told_apart(engine: Engine, clock: ManualClock) -> None:
    with engine.begin() as connection:
        run = start_run(connection, "stats", now=clock.now())
        other = start_run(connection, "cooking", now=clock.now())
        store_report(connection, other, HTML)
    with training_lock(engine, "stats"), reading(engine) as connection:
        with pytest.raises(NoReport, match="no training run with a report"):
            load_report(connection, "stats")
        with pytest.raises(NoReport, match=f"no report of a training run {run}"):
            load_report(connection, "stats", run=run)
        with pytest.raises(NoReport):
            load_report(connection, "stats", run=other)
        with pytest.raises(NoReport, match="version 3"):
            load_report(connection, "stats", version=3)


def test_a_run_that_was_killed_has_a_report_of_what_its_row_tells(
    engine: Engine, clock: ManualClock
) -> None:
    with engine.begin() as connection:
        killed = start_run(connection, "stats", now=clock.now())
        assert load_report(connection, "stats")[0] == killed
        start_run(connection, "stats", now=clock.now())  # finds the other's process dead
    with training_lock(engine, "stats"), reading(engine) as connection:
        run, html = load_report(connection, "stats")
    assert run == killed
    assert DIED in html
