"""Whose turn it is: a site has one request under way, of all processes on the database."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import Engine, delete, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from core.clock import Clock
from core.database.api_tables import ApiLease
from core.database.engine import dialect_insert
from core.errors import ApiPaused, DatabaseUnreachable

# A process that dies with a request under way never learns what the answer asked for, so its site
# pauses for longer than most backoffs last. One that lives, and whose request takes longer, renews.
LEASE_SECONDS = 25.0
RENEWED_SECONDS = 15.0  # that a lease lasts from each renewal on, at least
RENEW_SECONDS = 5.0


class SiteLease:
    """The leases of a process.

    Args:
        engine: the database.
        clock: tells the time.
    """

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._holder = uuid4().hex

    def take(self, connection: Connection, site: str, now: datetime) -> None:
        """Take a site.

        Raises:
            ApiPaused: another process has it.
        """
        lease = connection.execute(
            select(ApiLease.holder, ApiLease.until).where(ApiLease.site == site)
        ).one_or_none()
        longest = now + timedelta(seconds=LEASE_SECONDS)  # a later one is by a clock set back since
        held = lease is not None and now < lease.until <= longest
        if lease is not None and held and lease.holder != self._holder:
            until = min(lease.until, now + timedelta(seconds=2))
            raise ApiPaused(f"another process asks for {site or 'the sites'}", until=until)
        insert = dialect_insert(connection, ApiLease)
        values = {"holder": self._holder, "until": longest}
        connection.execute(
            insert.values(site=site, **values).on_conflict_do_update(
                index_elements=["site"], set_=values
            )
        )

    @contextmanager
    def held(self, site: str) -> Iterator[None]:
        """Keep a site's lease, by a thread of its own, while a request is under way."""
        ended = threading.Event()

        def renew() -> None:
            while not ended.wait(RENEW_SECONDS):
                # A database that is away lets nobody else ask either.
                with suppress(DatabaseUnreachable, SQLAlchemyError):
                    self.renew(site)

        threading.Thread(target=renew, name="lease", daemon=True).start()
        try:
            yield
        finally:
            ended.set()

    def renew(self, site: str) -> None:
        """Make a site's lease last for a while from now on, if it is this process's still."""
        until = self._clock.now() + timedelta(seconds=RENEWED_SECONDS)
        mine = (ApiLease.site == site, ApiLease.holder == self._holder)
        with self._engine.begin() as connection:
            renewed = update(ApiLease).where(*mine, ApiLease.until < until)
            connection.execute(renewed.values(until=until))

    def end(self, connection: Connection, site: str) -> None:
        """Let other processes ask for a site."""
        mine = (ApiLease.site == site, ApiLease.holder == self._holder)
        connection.execute(delete(ApiLease).where(*mine))
