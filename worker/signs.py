"""A sign of life in the database, for the page and the metrics: small, rare, beside the work."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from core.clock import Clock
from core.database.engine import dialect_insert, make_engine
from core.database.tables import LastSign
from core.errors import DatabaseUnreachable
from core.settings import Settings

log = logging.getLogger(__name__)

SIGN_SECONDS: Final = 30.0  # between two signs of one part
KEPT: Final = timedelta(days=2)  # a worker's name may be another at each start


class Signs:
    """Writes the signs of one worker, or of the scheduler.

    signs = Signs(settings, "tagging@host", SystemClock())
    signs.give()  # as often as one likes: it writes once in 30 seconds
    """

    def __init__(
        self,
        settings: Settings,
        name: str,
        clock: Clock,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._name = name
        self._clock = clock
        self._monotonic = monotonic
        self._given_at: float | None = None
        self._writing: threading.Thread | None = None
        self._is_away = False

    def give(self) -> threading.Thread | None:
        """Write a sign unless one was given within 30 seconds, or is still being written.

        Returns:
            What talks to the database, which may be slow or away: the caller goes on meanwhile.
        """
        now = self._monotonic()
        if self._given_at is not None and now - self._given_at < SIGN_SECONDS:
            return None
        if self._writing is not None and self._writing.is_alive():
            return None
        self._given_at = now
        self._writing = threading.Thread(target=self._try_to_write, name="sign", daemon=True)
        self._writing.start()
        return self._writing

    def _try_to_write(self) -> None:
        try:
            self._write()
        except (DatabaseUnreachable, SQLAlchemyError) as error:
            if not self._is_away:  # once: the next sign is tried in half a minute
                log.warning("no sign can be written for the page: %s", error)
            self._is_away = True
        else:
            self._is_away = False

    def _write(self) -> None:
        engine = make_engine(self._settings.database)
        try:
            with engine.begin() as connection:
                write_sign(connection, self._name, now=self._clock.now())
        finally:
            engine.dispose()  # a process that is forked from here must find no connection


def write_sign(connection: Connection, name: str, *, now: datetime) -> None:
    """Write that a part gets on, and forget those that have given no sign for two days."""
    sign = dialect_insert(connection, LastSign).values(name=name, at=now)
    connection.execute(sign.on_conflict_do_update(index_elements=["name"], set_={"at": now}))
    # After a long pause all signs are old, and all parts write at once: who waited here for a row
    # that another part is writing, while that one waits for this part's, would wait for good.
    old = select(LastSign.name).where(LastSign.at < now - KEPT).with_for_update(skip_locked=True)
    connection.execute(delete(LastSign).where(LastSign.name.in_(old)))
