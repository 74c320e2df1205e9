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
LAST_WORDS_SECONDS: Final = 3.0
TOLD_TO_STOP: Final = "it was told to stop"
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
        self._ended = False

    def begin(self) -> None:
        """Say in the log why the last run of this name ended, and that another has begun."""

        def write(connection: Connection) -> None:
            found = select(LastSign.at, LastSign.ended).where(LastSign.name == self._name)
            last = connection.execute(found).one_or_none()
            write_sign(connection, self._name, now=self._clock.now())
            if last is None:
                return
            level = logging.INFO if last.ended == TOLD_TO_STOP else logging.WARNING
            why = last.ended or "it did not say why: it was killed, or its machine stopped"
            log.log(
                level, "the last run of %s ended after %s: %s", self._name, _shown(last.at), why
            )

        self._try_to(write)

    def end(self, reason: str) -> None:
        """Write why this run ends, unless it has been said."""
        if self._ended:
            return
        self._ended = True
        now = self._clock.now()
        self._try_to(lambda connection: write_sign(connection, self._name, now=now, ended=reason))

    def end_soon(self, reason: str) -> None:
        """Write why this run ends, but wait no longer for a database that hangs too."""
        writing = threading.Thread(target=self.end, args=(reason,), name="sign", daemon=True)
        writing.start()
        writing.join(LAST_WORDS_SECONDS)

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
        self._writing = threading.Thread(target=self._try_to_give, name="sign", daemon=True)
        self._writing.start()
        return self._writing

    def _try_to_give(self) -> None:
        if not self._ended:
            now = self._clock.now()
            self._try_to(lambda connection: write_sign(connection, self._name, now=now))

    def _try_to(self, write: Callable[[Connection], None]) -> None:
        try:
            self._write(write)
        except (DatabaseUnreachable, SQLAlchemyError) as error:
            if not self._is_away:  # once: the next sign is tried in half a minute
                log.warning("no sign can be written for the page: %s", error)
            self._is_away = True
        else:
            self._is_away = False

    def _write(self, write: Callable[[Connection], None]) -> None:
        engine = make_engine(self._settings.database)
        try:
            with engine.begin() as connection:
                write(connection)
        finally:
            engine.dispose()  # a process that is forked from here must find no connection


def write_sign(
    connection: Connection, name: str, *, now: datetime, ended: str | None = None
) -> None:
    """Write that a part gets on, and forget those that have given no sign for two days.

    Args:
        connection: in a transaction.
        name: the part's.
        now: UTC.
        ended: why it does not get on any more.
    """
    values = {"at": now, "ended": ended}
    sign = dialect_insert(connection, LastSign).values(name=name, **values)
    connection.execute(sign.on_conflict_do_update(index_elements=["name"], set_=values))
    # After a long pause all signs are old, and all parts write at once: who waited here for a row
    # that another part is writing, while that one waits for this part's, would wait for good.
    old = select(LastSign.name).where(LastSign.at < now - KEPT).with_for_update(skip_locked=True)
    connection.execute(delete(LastSign).where(LastSign.name.in_(old)))


def _shown(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S} UTC"
