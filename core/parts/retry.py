"""What is down, and waiting for it: one line when it begins, one when it is over."""

import logging
import math
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from core.clock import Clock, SystemClock
from core.errors import BrokerUnreachable, DatabaseUnreachable

log = logging.getLogger(__name__)

T = TypeVar("T")

FIRST_PAUSE = 1.0  # seconds; doubled up to the longest
LONGEST_PAUSE = 5.0  # of what is tried again for nothing; what is back waits no longer


def until_reachable(
    action: Callable[[], T], clock: Clock | None = None, *, most_seconds: float = math.inf
) -> T:
    """Call an action until neither the database nor the broker is in its way; return its result.

    Raises:
        DatabaseUnreachable, BrokerUnreachable: one of them still is after the most seconds.
    """
    clock = clock or SystemClock()
    pause, told, began = FIRST_PAUSE, "", clock.monotonic()
    while True:
        try:
            result = action()
        except (DatabaseUnreachable, BrokerUnreachable) as error:
            if clock.monotonic() - began >= most_seconds:
                raise
            if str(error) != told:
                told = str(error)
                log.error("%s Waiting for it.", told)  # noqa: TRY400 (one line)
        else:
            if told:
                log.warning("it is back after %.0f s; going on", clock.monotonic() - began)
            return result
        clock.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


class Outage:
    """Tells of one thing that is away, or refuses, for a while.

        outage = Outage(log, "the broker")
        outage.note("The broker … cannot be reached: …")  # as often as one likes
        outage.end()  # likewise

    May be used by several threads.
    """

    def __init__(
        self, log: logging.Logger, name: str, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._log = log
        self._name = name
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._began: float | None = None

    @property
    def lasts(self) -> bool:
        """Whether it has begun, and is not over."""
        return self._began is not None

    def note(self, message: str) -> None:
        """Tell that something failed, in a line, where the outage begins with it."""
        with self._lock:
            if self._began is not None:
                return
            self._began = self._monotonic()
        self._log.error("%s", message)

    def end(self) -> None:
        """Tell that it is over, and how long it was, if there was one."""
        with self._lock:
            if self._began is None:
                return
            lasted, self._began = self._monotonic() - self._began, None
        self._log.warning("%s is back after %.0f s; going on", self._name, lasted)
