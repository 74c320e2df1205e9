"""What a worker shows of itself while it gets on, and that it ends itself where it does not."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from celery import bootsteps
from celery.worker import state

from core.broker.queue import queue_length
from core.errors import BrokerUnreachable
from core.parts.heartbeat import Heartbeat, Watchdog, end_at_once
from core.parts.signs import Signs
from worker.killed import KilledProcesses

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 5.0
DEAF_SECONDS: Final = 15.0  # an idle worker takes what waits within moments
LAST_WORDS_SECONDS: Final = 20.0  # to end in order


class Hearing:
    """Ends a worker that takes nothing, though messages wait for it and it is idle.

    Workers that went deaf after a reset of Redis are known (celery#8030, celery#10205); they answer
    a ping, and their event loop turns.
    """

    def __init__(
        self,
        waiting: Callable[[], int],
        *,
        end: Callable[[str], object],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare.

        Args:
            waiting: asks the broker how many messages wait for this worker.
            end: is called with the reason.
            monotonic: seconds since some moment.
        """
        self._waiting = waiting
        self._end = end
        self._monotonic = monotonic
        self._asking: threading.Thread | None = None
        self._received = -1
        self._looked_at: float | None = None
        self._deaf_since: float | None = None

    def look(self, *, received: int, idle: bool) -> threading.Thread | None:
        """Ask the broker whether messages wait, unless it is still being asked.

        Args:
            received: how many messages the worker has taken so far.
            idle: whether it has none in hand.

        Returns:
            What talks to the broker, which may be slow or away: the worker goes on meanwhile.
        """
        now, before = self._monotonic(), self._looked_at
        self._looked_at = now
        has_paused = before is None or now - before > 3 * LOOK_SECONDS  # for a broker, say
        if not idle or received != self._received or has_paused:
            self._received, self._deaf_since = received, None
            return None
        if self._asking is not None and self._asking.is_alive():
            return None
        self._asking = threading.Thread(target=self._ask, name="hearing", daemon=True)
        self._asking.start()
        return self._asking

    def _ask(self) -> None:
        try:
            waits = self._waiting() > 0
        except BrokerUnreachable:
            waits = False
        if not waits:
            self._deaf_since = None
        elif self._deaf_since is None:
            self._deaf_since = self._monotonic()
        elif self._monotonic() - self._deaf_since >= DEAF_SECONDS:
            self._end(f"For {DEAF_SECONDS:.0f} s messages have waited, and this worker took none.")


def end_in_order(reason: str) -> None:
    """Say why, and end the worker as SIGTERM does; without delay where that hangs too."""
    log.critical("%s It ends itself, to be started again.", reason)
    os.kill(os.getpid(), signal.SIGTERM)
    last = threading.Timer(LAST_WORDS_SECONDS, end_at_once, [reason])
    last.daemon = True
    last.start()


def hearing_of(app: Any, queues: list[str], signs: Signs) -> Hearing:
    """Return what listens for a worker of some queues."""

    def waiting() -> int:
        return sum(queue_length(app, queue) for queue in queues)

    def end(reason: str) -> None:
        signs.end_soon(reason)
        end_in_order(reason)

    return Hearing(waiting, end=end)


def vital_signs(
    heartbeat: Heartbeat,
    killed: KilledProcesses,
    signs: Signs,
    *,
    hearing: Hearing,
    watchdog: Watchdog,
) -> type[Any]:
    """Return a step of a worker by which its event loop touches the heartbeat's file, and signs.

    A worker that hangs has no event loop that turns; one that waits for the broker does so in its
    consumer, which gives the same signs.
    """

    class VitalSigns(bootsteps.StartStopStep):  # type: ignore[misc] # (Celery carries no types)
        requires = ("celery.worker.components:Pool",)

        def __init__(self, worker: Any, **_: object) -> None:
            self._timer: Any = None
            super().__init__(worker)

        def start(self, worker: Any) -> None:
            signs.begin_soon()  # when the children are there: none waits for it, nor inherits it

            def look() -> None:
                heartbeat.beat()
                watchdog.feed()
                signs.give()
                killed.look(worker.pool.info["processes"])
                hearing.look(received=state.all_total_count[0], idle=not state.reserved_requests)

            self._timer = worker.timer.call_repeatedly(LOOK_SECONDS, look)

        def stop(self, _worker: Any) -> None:
            if self._timer is not None:
                self._timer.cancel()

    return VitalSigns
