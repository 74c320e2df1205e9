import gzip

import pytest
from sqlalchemy import Engine, insert

from core.database.engine import reading
from core.database.tables import TrainingRun
from core.errors import NoReport
from review.service.runs import list_runs, read_report
from tests.conftest import ManualClock


def test_runs_are_listed_the_newest_first_with_their_reports(
    engine: Engine, clock: ManualClock
) -> None:
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
        assert read_report(connection, newest.id) == b"<h1>Why</h1>"
        for run in (oldest.id, 999):
            with pytest.raises(NoReport):
                read_report(connection, run)
        assert list_runs(connection, "cooking") == []
