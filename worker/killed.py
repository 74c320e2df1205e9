"""Processes of a worker that the system killed: told in one line, and kept for the status."""

import logging
import os
import re
import signal
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from billiard.util import get_logger
from celery.exceptions import WorkerLostError
from celery.worker.state import active_requests
from sqlalchemy import delete, insert
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from core.broker.queue import TAG_TASK
from core.clock import Clock
from core.database.clock import DatabaseClock
from core.database.engine import writing_once
from core.database.tables import KilledProcess
from core.errors import DatabaseUnreachable
from core.questions.leases import end_lease
from core.settings import Settings
from core.wording import counted
from worker.maintenance import sweep_seconds

log = logging.getLogger(__name__)

KEPT: Final = timedelta(days=30)
STOPPED_SECONDS: Final = 15.0
_RESIDENT: Final = re.compile(r"^VmRSS:\s+(\d+) kB$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Batch:
    """What a process had in hand: a site, and the keys of its questions."""

    site: str
    pks: tuple[int, ...]

    def __str__(self) -> str:
        count = counted(len(self.pks), "question")
        return f"{count} of {self.site} (keys {min(self.pks)} to {max(self.pks)})"


class KilledProcesses:
    """Tells of the killed processes of one worker."""

    def __init__(self, settings: Settings, worker: str, clock: Clock) -> None:
        self._settings = settings
        self._worker = worker
        self._clock = clock
        self._held: dict[int, int] = {}  # by process: bytes in memory when it was last looked at
        self._stopped: dict[int, float] = {}  # by process: since when
        self._ended: set[int] = set()

    def look(self, pids: Iterable[int]) -> None:
        """Note what each process holds, since nobody can ask a dead one; end stopped ones.

        Whoever stopped one may never let it go on, and a worker of which all are takes nothing.
        """
        found = {pid: resident_bytes(pid) for pid in pids}
        self._held = {pid: held for pid, held in found.items() if held is not None}
        now = self._clock.monotonic()
        self._stopped = {pid: self._stopped.get(pid, now) for pid in found if is_stopped(pid)}
        for pid, since in self._stopped.items():
            if now - since >= STOPPED_SECONDS and pid not in self._ended:
                self._end(pid)

    def _end(self, pid: int) -> None:
        self._ended.add(pid)
        log.error(
            "A process of the worker %s has been stopped (SIGSTOP) for %.0f s and is ended; "
            "another takes its place.",
            self._worker,
            STOPPED_SECONDS,
        )
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def report(self, pid: int, batch: Batch | None) -> threading.Thread:
        """Log one line, keep it for the status, and let the next sweep take the batch.

        Returns:
            What talks to the database, which may be slow or away: the worker goes on meanwhile.
        """
        held = self._held.get(pid)
        if pid in self._ended:
            self._ended.discard(pid)
            return self._free(batch)
        log.error(
            "A process of the worker %s was killed%s, most likely for lack of memory%s. Give it "
            "more (WORKER_MEMORY in the composition), or run fewer processes "
            "(TAGGER_WORKER_PROCESSES) or hold fewer models (TAGGER_MODEL_MEMORY_MB).",
            self._worker,
            f" with {batch} in hand" if batch is not None else "",
            f": it held {held / 1e6:.0f} MB" if held is not None else "",
        )
        return self._begin(lambda connection: self._keep(connection, batch, held))

    def _free(self, batch: Batch | None) -> threading.Thread:
        return self._begin(lambda connection: self._end_lease(connection, batch))

    def _begin(self, write: Callable[[Connection], None]) -> threading.Thread:
        writing = threading.Thread(target=self._try_to_write, args=(write,), daemon=True)
        writing.start()
        return writing

    def _try_to_write(self, write: Callable[[Connection], None]) -> None:
        try:
            with writing_once(self._settings.database) as connection:
                write(connection)
        except (DBAPIError, DatabaseUnreachable) as error:
            log.warning("It is not kept for the status: %s", error)

    def _keep(self, connection: Connection, batch: Batch | None, held: int | None) -> None:
        killed = {
            "worker": self._worker,
            "at": self._clock.now(),
            "site": batch.site if batch is not None else None,
            "questions": len(batch.pks) if batch is not None else 0,
            "held_bytes": held,
        }
        old = KilledProcess.at < self._clock.now() - KEPT
        connection.execute(delete(KilledProcess).where(old))
        connection.execute(insert(KilledProcess).values(killed))
        self._end_lease(connection, batch)

    def _end_lease(self, connection: Connection, batch: Batch | None) -> None:
        if batch is None:
            return
        now = DatabaseClock(connection.engine, self._clock).now()
        soon = now + timedelta(seconds=sweep_seconds(self._settings))
        lease = timedelta(seconds=self._settings.lease_seconds)
        end_lease(connection, batch.pks, at=soon, lease=lease)


def find_batch(pid: int) -> Batch | None:
    """Return the batch that a process of this worker has in hand."""
    for request in active_requests:
        if request.worker_pid == pid and request.name == TAG_TASK:
            site, pks = request.args
            return Batch(site, tuple(pks)) if pks else None
    return None


def resident_bytes(pid: int) -> int | None:
    """What a process holds in memory, with what it shares; None where nobody can tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    found = _RESIDENT.search(status)
    return int(found.group(1)) * 1024 if found is not None else None


def is_stopped(pid: int) -> bool:
    """Whether a process was stopped by a signal, or by a debugger."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[:1] in (["T"], ["t"])


class WithoutKilledProcesses(logging.Filter):
    """Leaves out what Celery and its pool say of a killed process, since one line says it all."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is of anything else."""
        error: Any = record.exc_info[1] if record.exc_info else None
        of_task = isinstance(getattr(error, "exc", error), WorkerLostError)
        return not of_task and "exited with 'signal 9 (SIGKILL)'" not in record.getMessage()


def log_killed_processes_once() -> None:
    """Let only the line of report() tell of a killed process."""
    for name in ("celery.worker.request", get_logger().name):
        logging.getLogger(name).addFilter(WithoutKilledProcesses())
