"""The pool of a worker's processes, which tells of those that the system killed."""

import gc
import signal
from collections.abc import Callable
from typing import Any

from celery.concurrency.asynpool import AsynPool
from celery.concurrency.prefork import TaskPool


def share_with_children() -> None:
    """Load what every child needs before there is one, and keep its pages from being copied.

    LiteRT is loaded, which starts no thread; a model is not. The garbage collector writes into each
    object that it looks at, so it is to look at none of these.
    """
    import ai_edge_litert.interpreter  # noqa: F401, PLC0415 (slow; for tagging workers only)

    gc.collect()
    gc.freeze()


def pool_that_reports(report: Callable[[int], None]) -> type[Any]:
    """Return Celery's prefork pool, which calls `report` with the id of each killed process.

    Celery itself says nothing of an idle process that dies, and of a busy one a traceback, ten
    seconds later, that names no reason.
    """

    class _ReportingPool(AsynPool):  # type: ignore[misc] # (Celery carries no types)
        def _join_exited_workers(self, shutdown: bool = False) -> Any:
            for process in [*self._pool]:
                if process.exitcode == -signal.SIGKILL and not shutdown:
                    report(process.pid)
            return super()._join_exited_workers(shutdown=shutdown)

    class _Pool(TaskPool):  # type: ignore[misc]
        Pool = _ReportingPool

    return _Pool
