"""The scheduler: what fires by itself, by a clock that nobody sets."""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from celery.beat import Scheduler, SchedulingError
from celery.schedules import crontab, schedule

from core.broker.queue import broker_error
from core.parts.heartbeat import Heartbeat, Watchdog
from core.parts.retry import Outage
from core.parts.signs import Signs

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 5.0
STEP_SECONDS: Final = 2.0  # between the two clocks, by which one was set
LONGEST_PAUSE: Final = 5.0  # between two tries to reach the broker
LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)  # of a clock that begins with the machine


def steady_now() -> datetime:
    """How long the machine runs, as the time that Celery's schedules reckon with."""
    return LONG_AGO + timedelta(days=1, seconds=time.monotonic())


class Every(schedule):  # type: ignore[misc] # (Celery carries no types)
    """Fires every so many seconds, whatever the machine's clock is set to."""

    def __init__(self, seconds: float) -> None:
        super().__init__(run_every=timedelta(seconds=seconds), nowfun=steady_now)

    def __reduce__(self) -> tuple[type, tuple[float]]:
        return type(self), (self.run_every.total_seconds(),)


class SteadyScheduler(Scheduler):  # type: ignore[misc]
    """Celery's scheduler, which keeps no file and waits for a broker that is away; says so once."""

    wait: Callable[[], object] = staticmethod(lambda: None)  # is called all along an outage

    def __init__(self, *args: Any, **options: Any) -> None:
        self._outage = Outage(log, "the broker")
        self._set_by = time.time() - time.monotonic()
        super().__init__(*args, **options)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due; return after how many seconds to look again."""
        self._look_at_clock()
        seconds = super().tick(*args, **kwargs)
        if seconds is None or self._heap is None:  # or a task that could not be sent is due again
            return LOOK_SECONDS
        return min(float(seconds), LOOK_SECONDS)

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        """Send a task; one that the broker does not take is due again with its next period.

        One that goes by cron stays due: its next time may be a week away.
        """
        try:
            self.apply_async(entry, producer=producer, advance=False)
        except SchedulingError as error:
            self._note(error.__cause__ or error.__context__ or error)
            if isinstance(entry.schedule, crontab):
                self.schedule[entry.name], self._heap = entry, None
        else:
            self._outage.end()

    def _when(self, _entry: Any, next_time_to_run: float, **_: Any) -> float:
        """When an entry is due, by the clock that nobody sets: one order for all of them."""
        return time.monotonic() + float(self.adjust(next_time_to_run) or 0)

    def _look_at_clock(self) -> None:
        """Reckon anew where the machine's clock was set: entries by cron go by it."""
        set_by = time.time() - time.monotonic()
        if abs(set_by - self._set_by) <= STEP_SECONDS:
            return
        log.warning("this machine's clock was set by %.0f s", set_by - self._set_by)
        self._set_by, self._heap = set_by, None
        for entry in self.schedule.values():
            entry.last_run_at = min(entry.last_run_at, entry.default_now())

    def _note(self, error: BaseException, _interval: float = 0) -> None:
        self._outage.note(f"{broker_error(self.app, error)} Waiting for it.")
        self.wait()

    def _ensure_connected(self) -> Any:
        connected = self.connection.ensure_connection(
            self._note,
            interval_start=1,
            interval_step=1,
            interval_max=LONGEST_PAUSE,
        )
        self._outage.end()
        return connected


def beating_scheduler(
    heartbeat: Heartbeat,
    signs: Signs,
    watchdog: Watchdog,
    *,
    also: Callable[[], object] = lambda: None,
) -> type[Any]:
    """Return the scheduler's class, with a heartbeat, a sign and what else there is at a tick."""

    class BeatingScheduler(SteadyScheduler):
        @staticmethod
        def wait() -> None:
            heartbeat.beat()  # to wait for a broker is to get on
            watchdog.feed()
            signs.give(waits_for="the broker")

        def tick(self, *args: Any, **kwargs: Any) -> float:
            watchdog.feed()
            heartbeat.beat()
            signs.give(waits_for="the broker" if self._outage.lasts else None)
            also()
            return super().tick(*args, **kwargs)

    return BeatingScheduler
