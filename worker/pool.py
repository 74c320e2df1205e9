"""The pool of a worker's processes, which tells of those that the system killed."""

import signal
from collections.abc import Callable
from typing import Any

from celery.concurrency.asynpool import AsynPool
from celery.concurrency.prefork import TaskPool


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
