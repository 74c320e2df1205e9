"""What a service shows while it gets on, and what ends it where it does not.

Docker, for one, restarts nothing that is unhealthy (moby#28400): a process that hangs must end
itself, and whatever runs it starts another.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Self

from core.settings import Settings

log = logging.getLogger(__name__)

STATUS: Final = 70  # of the process' exit: an internal error, by sysexits.h
SHORTEST_SECONDS: Final = 300.0  # a request of the API may take half of that
LOOKS: Final = 10  # within the time that is allowed


def patience(settings: Settings) -> float:
    """For how many seconds a service may get on with nothing: three leases."""
    return max(SHORTEST_SECONDS, 3.0 * settings.lease_seconds)


def end_at_once(reason: str) -> None:
    """Say why, and end the process: what hangs would also hang an end in order."""
    log.critical("%s This process ends itself, to be started again.", reason)
    logging.shutdown()
    os._exit(STATUS)


class Heartbeat:
    """Touches a file, where there is one to touch.

    Where it cannot be touched, that is one line in the log: the service itself goes on.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._is_told = False

    def beat(self) -> None:
        """Tell that the service gets on."""
        if self._file is None:
            return
        try:
            self._file.touch()
        except OSError as error:
            if not self._is_told:
                told = "TAGGER_HEARTBEAT_FILE, %s, cannot be touched: %s. The service goes on"
                log.error(told, self._file, error.strerror)  # noqa: TRY400 (one line)
            self._is_told = True
        else:
            self._is_told = False


class Watchdog:
    """Ends the process where nobody has fed it for so many seconds.

    with Watchdog("the poller", seconds=600) as watchdog:
        watchdog.feed()  # with each step of the work, and of a wait that has a reason
    """

    def __init__(
        self,
        name: str,
        seconds: float,
        *,
        end: Callable[[str], None] = end_at_once,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._seconds = seconds
        self._end = end
        self._monotonic = monotonic
        self._fed_at: float | None = None

    def __enter__(self) -> Self:
        """Watch from now on, by a thread."""
        self.feed()
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Watch no more."""
        self._fed_at = None

    def feed(self) -> None:
        """Tell that the work gets on."""
        self._fed_at = self._monotonic()

    def look(self) -> bool:
        """End the process if it is time; whether it was."""
        if self._fed_at is None:
            return False
        silent = self._monotonic() - self._fed_at
        if silent < self._seconds:
            return False
        self._end(f"{self._name} has not got on for {silent:.0f} s.")
        return True

    def _watch(self) -> None:
        while self._fed_at is not None and not self.look():
            time.sleep(self._seconds / LOOKS)
