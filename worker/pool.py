"""The pool of a worker's processes, which tells of those that the system killed."""

import gc
import signal
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from billiard.pool import CLOSE
from celery.concurrency.asynpool import AsynPool
from celery.concurrency.prefork import TaskPool

from worker.killed import Batch, find_batch

MOST_DEATHS: Final = 10  # without a task, for each process of the pool
DEATHS_SECONDS: Final = 60.0  # within which they count together


def share_with_children() -> None:
    """Load what every child needs before there is one, and keep its pages from being copied.

    LiteRT is loaded, which starts no thread; a model is not. The garbage collector writes into each
    object that it looks at, so it is to look at none of these.
    """
    import ai_edge_litert.interpreter  # noqa: F401, PLC0415 (slow; for tagging workers only)

    gc.collect()
    gc.freeze()


class IdleDeaths:
    """Processes that died without a task of late; gives up where the next ones will, too."""

    def __init__(
        self, give_up: Callable[[str], object], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._give_up, self._now = give_up, now
        self._times: deque[float] = deque()

    def add(self, deaths: int, *, processes: int) -> None:
        """Count some more, in a pool of so many processes."""
        now = self._now()
        self._times.extend([now] * deaths)
        while self._times and self._times[0] < now - DEATHS_SECONDS:
            self._times.popleft()
        if len(self._times) >= MOST_DEATHS * processes:
            self._times.clear()
            self._give_up(f"Its processes die without a task, {MOST_DEATHS} times each of late.")


class _FinishingPool(AsynPool):  # type: ignore[misc] # (Celery carries no types)
    def flush(self) -> None:
        """Forget what no process has, as Celery does; where the worker ends, no more than that.

        Celery forgets also what stands in a process's pipe, and what one has begun without this one
        having read so. The process does it and waits half a minute for its result to be read, and
        the message goes back into the queue.
        """
        is_ending = self._state == CLOSE  # else the connection is gone, and its messages with it
        sent = {key: job for key, job in self._cache.items() if job._write_to}  # noqa: SLF001
        super().flush()
        if is_ending:
            self._cache.update(sent)


def pool_that_reports(
    report: Callable[[int, Batch | None], object], give_up: Callable[[str], object]
) -> type[Any]:
    """Return Celery's prefork pool, which replaces processes that die, and tells of them.

    Celery itself says nothing of an idle process that dies, and of a busy one a traceback, ten
    seconds later, that names no reason. Where a process dies before the pool has started, Celery
    ends the worker; where all of them die as they start, it forks new ones for ever.

    Args:
        report: is called with each process that was killed and its batch.
        give_up: is called with the reason where so many have died without a task that the next ones
            will, too.
    """

    class _ReportingPool(_FinishingPool):
        def __init__(self, *args: Any, **options: Any) -> None:
            self._timed_out: set[int] = set()
            self._idle_deaths = IdleDeaths(give_up)
            super().__init__(*args, **options)

        def _join_exited_workers(self, shutdown: bool = False) -> Any:
            before = {process.pid: process for process in self._pool}
            in_hand = {pid: find_batch(pid) for pid in before}  # forgotten with the process
            found = super()._join_exited_workers(shutdown=shutdown)
            gone = before.keys() - {process.pid for process in self._pool}
            for pid in gone - self._timed_out:
                if before[pid].exitcode == -signal.SIGKILL and not shutdown:
                    report(pid, in_hand[pid])
            self._timed_out -= gone
            if not shutdown:
                idle = [pid for pid in gone if in_hand[pid] is None and before[pid].exitcode != 0]
                self._idle_deaths.add(len(idle), processes=self._processes)
            return found

        def _on_hard_timeout(self, job: Any) -> None:
            """Note whom Celery is about to kill itself, as it says."""
            if job in self._cache:
                self._timed_out.add(self._cache[job]._worker_pid)  # noqa: SLF001
            super()._on_hard_timeout(job)

    class _Pool(TaskPool):  # type: ignore[misc]
        Pool = _ReportingPool

        def did_start_ok(self) -> bool:
            """Go on where a process has died already, as later: it is reported and replaced."""
            return True

    return _Pool
