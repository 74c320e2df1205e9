import gzip

import pytest
from sqlalchemy import Engine, insert

from core.database.engine import reading
from core.database.tables import TrainingRun
from core.errors import NoReport
from review.service.runs import read_report
from tests.conftest import ManualClock


def test_a_report_is_read_of_a_run_that_has_one(engine: Engine, clock: ManualClock) -> None:
    row = {"site": "stats", "started_at": clock.now(), "outcome": "failed"}
    with engine.begin() as connection:
        for run, report in ((1, None), (2, gzip.compress(b"<h1>Why</h1>"))):
            connection.execute(insert(TrainingRun).values(row | {"id": run, "report": report}))
    with reading(engine) as connection:
        assert read_report(connection, 2) == b"<h1>Why</h1>"
        for run in (1, 999):
            with pytest.raises(NoReport):
                read_report(connection, run)
