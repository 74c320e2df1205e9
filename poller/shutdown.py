"""Shutdown in order: a signal ends the next wait, never a request or a transaction."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from core.clock import SystemClock
from core.parts.heartbeat import Heartbeat, Watchdog

BEAT_SECONDS: Final = 30.0  # between two touches of the heartbeat while nothing is due


class Shutdown(Exception):
    """The program was told to stop while it waited."""


class StoppableClock(SystemClock):
    """The machine's clock, whose sleep ends when the program is told to stop.

    Args:
        heartbeat: a file that is touched before every sleep and all along it, for whoever watches
            over the program: a loop that hangs sleeps no more.
        watchdog: is fed likewise.

    Attributes:
        on_beat: is called likewise, for whoever wants to tell more.
    """

    def __init__(self, heartbeat: Path | None = None, watchdog: Watchdog | None = None) -> None:
        self._stop = threading.Event()
        self._heartbeat = Heartbeat(heartbeat)
        self._watchdog = watchdog
        self.on_beat: Callable[[], object] = lambda: None

    def stop(self, *_: object) -> None:
        """End every sleep, also those to come; takes and ignores a signal handler's arguments."""
        self._stop.set()

    def stopped(self) -> bool:
        """Whether the program was told to stop."""
        return self._stop.is_set()

    def sleep(self, seconds: float) -> None:
        """Return when that many seconds have passed.

        Raises:
            Shutdown: the program was told to stop.
        """
        while True:
            self._heartbeat.beat()
            if self._watchdog is not None:
                self._watchdog.feed()
            self.on_beat()
            if self._stop.wait(min(seconds, BEAT_SECONDS)):
                raise Shutdown
            seconds -= BEAT_SECONDS
            if seconds <= 0:
                return


@contextmanager
def shut_down_on_signals(clock: StoppableClock) -> Iterator[None]:
    """Let SIGTERM and SIGINT stop the clock; leave the block when they did. Main thread only."""
    signals = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, clock.stop) for number in signals}
    try:
        with suppress(Shutdown):
            yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
