"""The one clock that all hosts share: the database's.

What one host writes down and another compares, a lease say, must be dated by one clock: those of
two hosts may be minutes apart.
"""

import logging
import math
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Final

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.clock import Clock, SystemClock
from core.database.engine import reading
from core.errors import DatabaseUnreachable

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 60.0  # between two looks at the server's clock
TOLD_FROM: Final = timedelta(seconds=5)  # of difference


class DatabaseClock:
    """The Postgres server's clock, or this machine's, where an SQLite file has no other one.

        clock = DatabaseClock(engine)
        end_lease(connection, pks, at=clock.now(), lease=lease)

    The server is asked once a minute, and between two answers time goes by a clock that nobody
    sets. That one stands still while the machine sleeps: where this machine's own has gone on
    meanwhile, the server is asked at once. While it gives no answer, time goes on as told last.

    One thread asks at a time. Others go on as told last, since they may hold the very connections
    that it waits for; but where what was told is wrong, they wait.
    """

    def __init__(self, engine: Engine, clock: Clock | None = None) -> None:
        self._engine = engine
        self._clock = clock or SystemClock()
        self._lock = Lock()  # of who asks
        self._told: tuple[datetime, float] | None = None  # the server's time, and when it was told
        self._looked_at: tuple[float, datetime] | None = None  # by both of this machine's clocks
        self._ahead = timedelta(0)  # of this machine's, as last told to people

    def now(self) -> datetime:
        """The present by the database's clock, in UTC."""
        if self._engine.dialect.name != "postgresql":
            return self._clock.now()
        since, slept = self._since_look()
        is_wrong = self._told is None or slept >= TOLD_FROM
        if (is_wrong or since >= LOOK_SECONDS) and self._lock.acquire(blocking=is_wrong):
            try:
                self._look_if_due()
            finally:
                self._lock.release()
        if self._told is None:
            return self._clock.now()
        there, at = self._told
        return there + timedelta(seconds=self.monotonic() - at)

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        """Return when that many seconds have passed."""
        self._clock.sleep(seconds)

    def _since_look(self) -> tuple[float, timedelta]:
        """Seconds since the server was asked, and how long the machine has slept meanwhile."""
        if self._looked_at is None:
            return math.inf, timedelta(0)
        before, then = self._looked_at
        since = self.monotonic() - before
        return since, self._clock.now() - then - timedelta(seconds=since)  # or it was set forward

    def _look_if_due(self) -> None:
        since, slept = self._since_look()  # once more: another thread may have asked meanwhile
        if since >= LOOK_SECONDS or slept >= TOLD_FROM:
            present = self.monotonic(), self._clock.now()
            self._look(slept)
            self._looked_at = present

    def _look(self, slept: timedelta) -> None:
        try:
            with reading(self._engine) as connection:
                there = connection.execute(select(func.clock_timestamp())).scalar_one()
        except (DatabaseUnreachable, DBAPIError, PoolTimeout):
            if self._told is not None and slept >= TOLD_FROM:
                self._told = self._told[0] + slept, self._told[1]
            return  # whoever needed the time is about to say so
        self._told = there.astimezone(UTC), self.monotonic()
        self._tell(self._told[0] - self._clock.now())

    def _tell(self, ahead: timedelta) -> None:
        if abs(ahead - self._ahead) < TOLD_FROM:
            return
        self._ahead = ahead
        log.warning(
            "this host's clock is %.0f s %s the database's. Leases, predictions and trainings go "
            "by the database's; not all dates do: set the clocks by NTP",
            abs(ahead.total_seconds()),
            "behind" if ahead > timedelta(0) else "ahead of",
        )
