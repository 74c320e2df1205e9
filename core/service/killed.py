"""The processes of workers that the system killed, as their workers have told the database."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from core.database.tables import KilledProcess

RECENT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class KilledStatus:
    """How many of a worker's processes the system killed within a day.

    Attributes:
        worker: its name and host.
        count: of its processes.
        last: when the last one was.
        most_bytes: that one of them held in memory; None where nobody had looked.
    """

    worker: str
    count: int
    last: datetime
    most_bytes: int | None


def killed_statuses(connection: Connection, *, now: datetime) -> list[KilledStatus]:
    """Return the workers with processes that were killed within a day before now."""
    rows = (
        select(
            KilledProcess.worker,
            func.count(),
            func.max(KilledProcess.at, type_=KilledProcess.at.type),
            func.max(KilledProcess.held_bytes),
        )
        .where(KilledProcess.at > now - RECENT)
        .group_by(KilledProcess.worker)
        .order_by(KilledProcess.worker)
    )
    return [KilledStatus(*row) for row in connection.execute(rows)]


def killed_lines(statuses: Iterable[KilledStatus]) -> Iterator[str]:
    """One line a worker: what was killed, what it held, and what to set."""
    for status in statuses:
        held = f", holding up to {status.most_bytes / 1e6:.0f} MB" if status.most_bytes else ""
        yield (
            f"{status.worker}: {status.count} of its processes were killed by the system within a "
            f"day, the last at {status.last:%Y-%m-%d %H:%M}{held}; most likely it has too little "
            "memory (WORKER_MEMORY in the composition)"
        )
