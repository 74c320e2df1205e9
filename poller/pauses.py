"""Pauses: until when the API must not be asked, in memory and in the database."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, not_, select
from sqlalchemy.engine import Connection

from core.clock import CLOCK_SET_BACK, Clock
from core.database.api_tables import ApiPause
from core.database.engine import dialect_insert
from core.errors import ApiPaused
from poller.client import ApiRequest

EVERYTHING = ("", "")  # site and method of a pause that holds for all of them


class Pause(NamedTuple):
    """Until when no request may be made, why, and when that was decided."""

    until: datetime
    reason: str
    made_at: datetime

    def holds(self, now: datetime) -> bool:
        """Whether it is in force; one that a clock made which has been set back since is not."""
        return self.until > now and self.made_at <= now + CLOCK_SET_BACK


class Pauses:
    """The pauses of one client, by site and method.

    In memory too, so that one holds even where the database fails to take it.

    Args:
        client: whom the API takes us for, as `Client.name`.
        clock: tells when a pause was made.
    """

    def __init__(self, client: str, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._own: dict[tuple[str, str], Pause] = {}

    def add(self, key: tuple[str, str], until: datetime, reason: str) -> None:
        """Make a pause of a site and method, unless a longer one holds; save() keeps it."""
        made = Pause(until, str(reason), self._clock.now())
        before = self._own.get(key, made)
        self._own[key] = max(before, made) if before.holds(made.made_at) else made

    def check(self, connection: Connection, request: ApiRequest, now: datetime) -> None:
        """Refuse a request that a pause holds for, of this process or of another.

        Raises:
            ApiPaused: one does, and until when.
        """
        mine = (EVERYTHING, (request.site, request.method))
        own = [self._own[key] for key in mine if key in self._own]
        found = [(pause.until, pause.reason) for pause in own if pause.holds(now)]
        rows = connection.execute(
            select(ApiPause.site, ApiPause.method, ApiPause.until, ApiPause.reason).where(
                ApiPause.client == self._client, ApiPause.holds(now)
            )
        )
        found += [(row.until, row.reason) for row in rows if (row.site, row.method) in mine]
        if found:
            until, reason = max(found)
            raise ApiPaused(
                f"the API's /{request.method} may be asked again at {shown(until)} ({reason})",
                until=until,
                reason=reason,
            )

    def save(self, connection: Connection, now: datetime) -> None:
        """Write the pauses that hold, and delete those that are over."""
        self._own = {key: pause for key, pause in self._own.items() if pause.holds(now)}
        over = not_(ApiPause.holds(now))
        connection.execute(delete(ApiPause).where(ApiPause.client == self._client, over))
        for (site, method), pause in sorted(self._own.items()):
            insert = dialect_insert(connection, ApiPause).values(
                client=self._client, site=site, method=method, **pause._asdict()
            )
            connection.execute(
                insert.on_conflict_do_update(
                    index_elements=["client", "site", "method"],
                    set_=pause._asdict(),
                    where=ApiPause.until < pause.until,
                )
            )


def shown(time: datetime) -> str:
    """A time as people read it, to the second."""
    return f"{time:%Y-%m-%d %H:%M:%S} UTC"
