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

from core import __version__
from core.clock import Clock
from core.database.engine import dialect_insert, writing_once
from core.database.tables import LastSign
from core.errors import DatabaseUnreachable
from core.memory import group_memory
from core.parts.heartbeat import end_at_once
from core.settings import Settings

log = logging.getLogger(__name__)

SIGN_SECONDS: Final = 30.0  # between two signs of one part
LAST_WORDS_SECONDS: Final = 3.0
TOLD_TO_STOP: Final = "it was told to stop"
KEPT: Final = timedelta(days=2)  # a worker's name may be another at each start


class Signs:
    """Writes the signs of one worker, of the scheduler or of a poller.

    signs = Signs(settings, "tagging@host", SystemClock())
    signs.give()  # as often as one likes: it writes once in 30 seconds
    signs.give(waits_for="the broker")  # and where that changes
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
        self._waits_for: str | None = None

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

    def begin_soon(self) -> threading.Thread:
        """Do what begin() does beside the work, which need not wait for it.

        Returns:
            What talks to the database; no sign is given meanwhile.
        """
        self._writing = threading.Thread(target=self.begin, name="sign", daemon=True)
        self._writing.start()
        return self._writing

    def end(self, reason: str) -> None:
        """Write why this run ends, unless it has been said."""
        if self._ended:
            return
        self._ended = True
        if self._writing is not None:  # or that it gets on would be written last
            self._writing.join(LAST_WORDS_SECONDS)
        now = self._clock.now()
        self._try_to(lambda connection: write_sign(connection, self._name, now=now, ended=reason))

    def end_soon(self, reason: str) -> None:
        """Write why this run ends, but wait no longer for a database that hangs too."""
        writing = threading.Thread(target=self.end, args=(reason,), name="sign", daemon=True)
        writing.start()
        writing.join(LAST_WORDS_SECONDS)

    def give(self, *, waits_for: str | None = None) -> threading.Thread | None:
        """Write a sign unless the same was given within 30 seconds, or one is being written.

        Args:
            waits_for: what it waits for and cannot go on without, such as the broker.

        Returns:
            What talks to the database, which may be slow or away: the caller goes on meanwhile.
        """
        now = self._monotonic()
        is_same = waits_for == self._waits_for
        if is_same and self._given_at is not None and now - self._given_at < SIGN_SECONDS:
            return None
        if self._writing is not None and self._writing.is_alive():
            return None
        self._given_at, self._waits_for = now, waits_for
        self._writing = threading.Thread(target=self._try_to_give, name="sign", daemon=True)
        self._writing.start()
        return self._writing

    def _try_to_give(self) -> None:
        if not self._ended:
            now, waits_for = self._clock.now(), self._waits_for
            self._try_to(lambda c: write_sign(c, self._name, now=now, waits_for=waits_for))

    def _try_to(self, write: Callable[[Connection], None]) -> None:
        try:
            with writing_once(self._settings.database) as connection:
                write(connection)
        except (DatabaseUnreachable, SQLAlchemyError) as error:
            if not self._is_away:  # once: the next sign is tried in half a minute
                log.warning("no sign can be written for the page: %s", error)
            self._is_away = True
        else:
            self._is_away = False


def last_words(signs: Signs) -> Callable[[str], None]:
    """Return what ends a process that hangs, with the reason for its next start to say."""

    def end(reason: str) -> None:
        signs.end_soon(reason)
        end_at_once(reason)

    return end


def write_sign(
    connection: Connection,
    name: str,
    *,
    now: datetime,
    ended: str | None = None,
    waits_for: str | None = None,
) -> None:
    """Write that a part gets on, and forget those that have given no sign for two days.

    Args:
        connection: in a transaction.
        name: the part's.
        now: UTC.
        ended: why it does not get on any more.
        waits_for: what it cannot go on without.
    """
    memory = group_memory()
    values = {
        "at": now,
        "ended": ended,
        "waits_for": waits_for,
        "memory_bytes": memory.used if memory else None,
        "memory_limit": memory.limit if memory else None,
        "version": __version__,
    }
    sign = dialect_insert(connection, LastSign).values(name=name, **values)
    connection.execute(sign.on_conflict_do_update(index_elements=["name"], set_=values))
    # After a long pause all signs are old, and all parts write at once: who waited here for a row
    # that another part is writing, while that one waits for this part's, would wait for good.
    old = select(LastSign.name).where(LastSign.at < now - KEPT).with_for_update(skip_locked=True)
    connection.execute(delete(LastSign).where(LastSign.name.in_(old)))


def _shown(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S} UTC"
