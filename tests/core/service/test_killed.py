from datetime import datetime, timedelta

from sqlalchemy import Engine, insert

from core.database.tables import KilledProcess
from core.service.killed import KilledStatus, killed_lines, killed_statuses
from tests.conftest import ManualClock


def kill(engine: Engine, worker: str, at: datetime, held_bytes: int | None) -> None:
    row = {"worker": worker, "at": at, "site": "stats", "questions": 100, "held_bytes": held_bytes}
    with engine.begin() as connection:
        connection.execute(insert(KilledProcess).values(row))


def test_the_status_tells_of_processes_that_were_killed_within_a_day(
    engine: Engine, clock: ManualClock
) -> None:
    now = clock.now()
    for hours, held in ((1, 312_000_000), (2, None), (25, 900_000_000)):
        kill(engine, "tagging@a", now - timedelta(hours=hours), held)
    kill(engine, "tagging@b", now - timedelta(hours=3), None)
    with engine.connect() as connection:
        found = killed_statuses(connection, now=now)
    assert found == [
        KilledStatus("tagging@a", 2, now - timedelta(hours=1), 312_000_000),
        KilledStatus("tagging@b", 1, now - timedelta(hours=3), None),
    ]
    first, second = killed_lines(found)
    assert first.startswith("tagging@a: 2 of its processes were killed by the system within a day")
    assert "the last at 2025-12-31 23:00, holding up to 312 MB" in first
    assert "holding" not in second
    assert "WORKER_MEMORY" in second
