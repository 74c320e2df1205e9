"""The pool of a worker's processes, which tells of those that the system killed."""

import gc
import signal
from collections.abc import Callable
from typing import Any

from celery.concurrency.asynpool import AsynPool
from celery.concurrency.prefork import TaskPool

from worker.killed import Batch, find_batch


def share_with_children() -> None:
    """Load what every child needs before there is one, and keep its pages from being copied.

    LiteRT is loaded, which starts no thread; a model is not. The garbage collector writes into each
    object that it looks at, so it is to look at none of these.
    """
    import ai_edge_litert.interpreter  # noqa: F401, PLC0415 (slow; for tagging workers only)

    gc.collect()
    gc.freeze()


def pool_that_reports(report: Callable[[int, Batch | None], object]) -> type[Any]:
    """Return Celery's prefork pool, which calls `report` with each killed process and its batch.

    Celery itself says nothing of an idle process that dies, and of a busy one a traceback, ten
    seconds later, that names no reason.
    """

    class _ReportingPool(AsynPool):  # type: ignore[misc] # (Celery carries no types)
        def __init__(self, *args: Any, **options: Any) -> None:
            self._timed_out: set[int] = set()
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
            return found

        def _on_hard_timeout(self, job: Any) -> None:
            """Note whom Celery is about to kill itself, as it says."""
            if job in self._cache:
                self._timed_out.add(self._cache[job]._worker_pid)  # noqa: SLF001
            super()._on_hard_timeout(job)

    class _Pool(TaskPool):  # type: ignore[misc]
        Pool = _ReportingPool

        def did_start_ok(self) -> bool:
            """Go on where a process has died already, as later: Celery would end the worker.

            It has reported nobody, and replaced none, so that no attempt would be counted.
            """
            return True

    return _Pool
