"""The last signs of the service's parts, as they write them into the database."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import select
from sqlalchemy.engine import Connection

from core.database.tables import LastSign
from core.parts.signs import TOLD_TO_STOP

SILENT_AFTER: Final = timedelta(minutes=2)  # a part signs every 30 seconds
KINDS: Final = ("tagging", "training", "scheduler", "poller")
NEAR_LIMIT: Final = 0.9  # of its container's memory

State = Literal["running", "waiting", "stopped", "ended", "silent"]


@dataclass(frozen=True, slots=True)
class PartStatus:
    """What a worker, the scheduler or a poller last wrote of itself.

    Attributes:
        name: its kind and host, as `tagging@host`.
        at: when.
        ended: why it ended, where it said so.
        waits_for: what it cannot go on without.
        memory_bytes: that its container holds; None where that has no limit.
        memory_limit: of its container, in bytes.
        version: of the program that it runs; None where it is one that did not say.
        state: running; waiting for something; stopped, as it was told to; ended by itself; silent:
            it is killed, hangs, or cannot reach the database.
    """

    name: str
    at: datetime
    ended: str | None
    waits_for: str | None
    memory_bytes: int | None
    memory_limit: int | None
    version: str | None
    state: State

    @property
    def kind(self) -> str:
        """What it does: `tagging`, `training`, `scheduler` or `poller`."""
        return kind_of(self.name)

    @property
    def lives(self) -> bool:
        """Whether it is there."""
        return self.state in ("running", "waiting")

    @property
    def memory_share(self) -> float | None:
        """How much of its container's memory it holds, of 1."""
        if self.memory_bytes is None or not self.memory_limit:
            return None
        return self.memory_bytes / self.memory_limit


def kind_of(name: str) -> str:
    """What a part does, by the queue or the name that it was started with.

    kind_of("training@host")  # "training"; others are tagging workers, whatever their name
    """
    kind = name.partition("@")[0].partition("-")[0]
    return kind if kind in KINDS else "tagging"


def last_signs(connection: Connection) -> dict[str, datetime]:
    """When each part last gave a sign, by its name; the newest first."""
    rows = select(LastSign.name, LastSign.at).order_by(LastSign.at.desc(), LastSign.name)
    return dict(connection.execute(rows).all())


def part_statuses(
    connection: Connection, *, now: datetime, answering: Iterable[str] = ()
) -> list[PartStatus]:
    """Return each part whose last sign is kept, as `write_sign` keeps them for two days, by name.

    Args:
        connection: reads only.
        now: UTC.
        answering: those that answered the broker, and so run, whatever their signs say.
    """
    rows = connection.execute(
        select(
            LastSign.name,
            LastSign.at,
            LastSign.ended,
            LastSign.waits_for,
            LastSign.memory_bytes,
            LastSign.memory_limit,
            LastSign.version,
        ).order_by(LastSign.name)
    )
    answers = frozenset(answering)
    return [PartStatus(*row, state=_state(row, now, answers)) for row in rows]


def _state(row: Any, now: datetime, answers: frozenset[str]) -> State:
    if row.name in answers:
        return "running"
    if row.ended is not None:
        return "stopped" if row.ended == TOLD_TO_STOP else "ended"
    if now - row.at >= SILENT_AFTER:
        return "silent"
    return "running" if row.waits_for is None else "waiting"
