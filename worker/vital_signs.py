"""What a worker and the scheduler show of themselves while they get on."""

from typing import Any, Final

from celery import bootsteps
from celery.beat import Scheduler

from core.heartbeat import Heartbeat
from worker.killed import KilledProcesses
from worker.signs import Signs

LOOK_SECONDS: Final = 5.0


def vital_signs(heartbeat: Heartbeat, killed: KilledProcesses, signs: Signs) -> type[Any]:
    """Return a step of a worker by which its event loop touches the heartbeat's file, and signs.

    A worker that hangs, or has lost the broker, has no event loop that turns.
    """

    class VitalSigns(bootsteps.StartStopStep):  # type: ignore[misc] # (Celery carries no types)
        requires = ("celery.worker.components:Pool",)

        def __init__(self, worker: Any, **_: object) -> None:
            self._timer: Any = None
            super().__init__(worker)

        def start(self, worker: Any) -> None:
            def look() -> None:
                heartbeat.beat()
                signs.give()
                killed.look(worker.pool.info["processes"])

            self._timer = worker.timer.call_repeatedly(LOOK_SECONDS, look)

        def stop(self, _worker: Any) -> None:
            if self._timer is not None:
                self._timer.cancel()

    return VitalSigns


def beating_scheduler(heartbeat: Heartbeat, signs: Signs) -> type[Any]:
    """Return Celery's scheduler, which keeps no file, with a heartbeat and a sign at each tick."""

    class BeatingScheduler(Scheduler):  # type: ignore[misc]
        def tick(self, *args: Any, **kwargs: Any) -> Any:
            heartbeat.beat()
            signs.give()
            seconds = super().tick(*args, **kwargs)
            return min(seconds, LOOK_SECONDS) if seconds is not None else LOOK_SECONDS

    return BeatingScheduler
