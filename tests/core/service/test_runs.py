import gzip

from sqlalchemy import Engine, insert

from core.database.engine import reading
from core.database.tables import TrainingRun
from core.questions.training_lock import DIED, training_lock
from core.service.runs import list_runs
from tests.conftest import ManualClock


def test_runs_are_listed_the_newest_first(engine: Engine, clock: ManualClock) -> None:
    with engine.begin() as connection:
        for outcome, report in (("skipped", None), ("failed", gzip.compress(b"<h1>Why</h1>"))):
            began = clock.now()
            clock.sleep(90)
            row = {"site": "stats", "started_at": began, "ended_at": clock.now()}
            row |= {"outcome": outcome, "report": report, "decision": "too few"}
            connection.execute(insert(TrainingRun).values(row))
    with reading(engine) as connection:
        newest, oldest = list_runs(connection, "stats")
        assert (newest.outcome, newest.has_report, newest.minutes) == ("failed", True, 1.5)
        assert (oldest.note, oldest.has_report) == ("too few", False)
        assert list_runs(connection, "stats", limit=1) == [newest]
        assert list_runs(connection, "cooking") == []


def test_a_run_whose_process_is_gone_runs_no_more(engine: Engine, clock: ManualClock) -> None:
    with engine.begin() as connection:
        connection.execute(insert(TrainingRun).values(site="stats", started_at=clock.now()))
    with training_lock(engine, "stats"), reading(engine) as connection:
        assert [run.outcome for run in list_runs(connection, "stats")] == [None]
    with reading(engine) as connection:
        (run,) = list_runs(connection, "stats")
    assert (run.outcome, run.note, run.minutes) == ("failed", DIED, None)
