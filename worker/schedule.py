"""The scheduler: what fires by itself, by a clock that nobody sets. Workers do without it."""

import logging
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from celery.beat import Scheduler, SchedulingError
from celery.schedules import crontab, schedule
from sqlalchemy import func, select

from core.broker.names import TAGGING_QUEUE
from core.broker.queue import SWEEP_TASK, broker_error
from core.clock import SystemClock
from core.database.backup.nightly import NightlyBackups
from core.database.engine import make_engine, reading
from core.database.tables import TrainingRun
from core.parts.heartbeat import Heartbeat, Watchdog, patience
from core.parts.retry import Outage
from core.parts.signs import TOLD_TO_STOP, Signs, last_words
from core.settings import Settings
from worker.app import (
    FIRST_MODELS_TASK,
    GROWN_TASK,
    PARK_TASK,
    PRUNE_TASK,
    RETRAIN_TASK,
    SCORE_QUEUE_TASK,
    SCORE_TASK,
    make_app,
)
from worker.maintenance import park_seconds, sweep_seconds
from worker.service import prepare_database

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 5.0
STEP_SECONDS: Final = 2.0  # between the two clocks, by which one was set
LONGEST_PAUSE: Final = 5.0  # between two tries to reach the broker
FIRST_MODELS_SECONDS: Final = 60
GROWN_SECONDS: Final = 600  # it counts questions of many sites
SCORE_SECONDS: Final = 300
SCORE_QUEUE_SECONDS: Final = 30  # for which a new question is in no order but the newest
PRUNE_SECONDS: Final = 60 * 60
RETRAIN_EXPIRES: Final = 6 * 60 * 60  # seconds; a cron's periods are not all the same
SHORTEST_EXPIRES: Final = 120.0  # seconds
EXPIRES_AFTER: Final = 3  # periods
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


def beat_schedule(
    settings: Settings, *, trained_at: datetime | None = None
) -> dict[str, dict[str, object]]:
    """What fires by itself; the sweep at once. A message that nobody takes for long is void.

    Args:
        settings: how often.
        trained_at: when the last training began: what was to fire since, while no scheduler ran,
            is made up for.
    """
    schedule: dict[str, dict[str, object]] = {
        "sweep": _every(SWEEP_TASK, sweep_seconds(settings)) | {"last_run_at": LONG_AGO},
        "park": _every(PARK_TASK, park_seconds(settings)),
        "first models": _every(FIRST_MODELS_TASK, FIRST_MODELS_SECONDS),
        "score": _every(SCORE_TASK, SCORE_SECONDS),
        "score queue": _every(SCORE_QUEUE_TASK, SCORE_QUEUE_SECONDS),
    }
    if settings.keep_predictions_days is not None:
        schedule["prune"] = _every(PRUNE_TASK, PRUNE_SECONDS)
    if settings.retrain_cron != "off":
        schedule["grown sites"] = _every(GROWN_TASK, GROWN_SECONDS)
        schedule["retrain"] = {
            "task": RETRAIN_TASK,
            "schedule": crontab.from_string(settings.retrain_cron),
            "options": {"queue": TAGGING_QUEUE, "expires": RETRAIN_EXPIRES},
        }
        if trained_at is not None:
            schedule["retrain"]["last_run_at"] = trained_at
    return schedule


def _every(task: str, seconds: float) -> dict[str, object]:
    # Clocks of two hosts may differ: what is void after its own period could be so when it comes.
    options = {"queue": TAGGING_QUEUE, "expires": max(SHORTEST_EXPIRES, seconds * EXPIRES_AFTER)}
    return {"task": task, "schedule": Every(seconds), "options": options}


def run_scheduler(settings: Settings) -> None:
    """Run the one Celery beat. Two of them would fire everything twice."""
    # Two of beat's threads would import it at once, and one of them find half of it.
    import celery.app.amqp  # noqa: F401, PLC0415

    prepare_database(settings)
    app = make_app(settings)
    app.conf.beat_schedule = beat_schedule(settings, trained_at=_last_training(settings))
    name = f"scheduler@{socket.gethostname()}"
    signs = Signs(settings, name, SystemClock())
    signs.begin()
    watchdog = Watchdog("the scheduler", patience(settings), end=last_words(signs))
    beat = app.Beat(
        scheduler_cls=beating_scheduler(
            Heartbeat(settings.heartbeat_file), signs, watchdog, also=_backups(settings)
        ),
        quiet=True,
        loglevel=settings.log_level.upper(),
        remote_control=True,
        hostname=name,
        redirect_stdouts=False,
    )
    with watchdog, suppress(SystemExit):  # some versions of beat end so on a signal
        beat.run()
    signs.end(TOLD_TO_STOP)


def _last_training(settings: Settings) -> datetime | None:
    engine = make_engine(settings.database)
    with reading(engine) as connection:
        began: datetime | None = connection.scalar(select(func.max(TrainingRun.started_at)))
    engine.dispose()
    return None if began is None else min(began, SystemClock().now())


def _backups(settings: Settings) -> Callable[[], object]:
    """Return what looks whether a backup is due; the scheduler takes them, since it is the one."""
    if settings.backup_folder is None:
        return lambda: None
    return NightlyBackups(settings, settings.backup_folder, SystemClock()).look
