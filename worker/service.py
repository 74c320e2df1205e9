"""Runs a worker in the foreground, until it is told to stop."""

import logging
import math
import os
import signal
import socket
import time
import warnings
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from celery import Celery, signals
from celery.apps import worker as celery_worker
from celery.platforms import SecurityWarning
from celery.worker.state import active_requests

from core.broker.names import TRAINING_QUEUE
from core.broker.queue import TRAIN_TASK, transport_of
from core.clock import SystemClock
from core.console import open_database
from core.parts.heartbeat import Heartbeat, Watchdog, patience
from core.parts.retry import until_reachable
from core.parts.signs import TOLD_TO_STOP, Signs, last_words
from core.settings import Settings
from worker.app import make_app
from worker.consumer import patient_consumer
from worker.killed import KilledProcesses, log_killed_processes_once
from worker.pool import pool_that_reports, share_with_children
from worker.vital_signs import end_in_order, hearing_of, vital_signs

log = logging.getLogger(__name__)

VOID_SECONDS: Final = 3600.0


def run_worker(
    settings: Settings, *, queues: Sequence[str], processes: int, name: str | None = None
) -> int:
    """Run a Celery worker with the prefork pool; return its exit status.

    On SIGTERM it finishes the batches in hand; whatever is not finished stays pending. A training
    in hand is ended.

    Args:
        settings: the service's.
        queues: those that it serves.
        processes: children that tag.
        name: by which `celery inspect ping -d NAME@HOST` asks for it.
    """
    prepare_database(settings)
    _silence_celery()
    app = make_app(settings, preloads=TRAINING_QUEUE not in queues)
    node = f"{name or f'{queues[0]}-{os.getpid()}'}@{socket.gethostname()}"
    signs = Signs(settings, node, SystemClock())
    watchdog = Watchdog(f"the worker {node}", patience(settings), end=last_words(signs))
    worker = _make_worker(app, settings, node, queues, processes, signs=signs, watchdog=watchdog)
    if TRAINING_QUEUE in queues:
        _end_training_on_shutdown(worker)
    else:
        share_with_children()
    warn_of_void_messages()
    with watchdog:
        worker.start()
    signs.end(TOLD_TO_STOP)
    return int(worker.exitcode or 0)


def _silence_celery() -> None:
    """Keep from the log what Celery says that is none of ours."""
    # It warns root of pickle, which no message here is.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    celery_worker.safe_say = lambda *_: None  # it prints lines that are none of the log


def _make_worker(
    app: Celery,
    settings: Settings,
    node: str,
    queues: Sequence[str],
    processes: int,
    *,
    signs: Signs,
    watchdog: Watchdog,
) -> Any:
    """Celery's worker, whose steps, consumer and pool tell signs and watchdog how it does."""
    killed = KilledProcesses(settings, node, SystemClock())
    log_killed_processes_once()
    heartbeat, hearing = Heartbeat(settings.heartbeat_file), hearing_of(app, list(queues), signs)
    app.steps["worker"].add(
        vital_signs(heartbeat, killed, signs, hearing=hearing, watchdog=watchdog)
    )
    return app.Worker(
        hostname=node,
        queues=[name for queue in queues for name in transport_of(app).served(queue)],
        consumer_cls=patient_consumer(heartbeat, watchdog, signs),
        concurrency=1 if TRAINING_QUEUE in queues else processes,
        pool_cls=pool_that_reports(killed.report, end_in_order),
        loglevel=settings.log_level.upper(),
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        redirect_stdouts=False,
    )


def _end_training_on_shutdown(worker: Any) -> None:
    """Tell a worker's child to end its training as soon as the worker itself is told to end.

    Celery waits for a running task without limit, and a training may have hours to go.
    """

    def end_training(**_: object) -> None:
        if any(request.name != TRAIN_TASK for request in active_requests):
            return  # a batch, which takes seconds
        # All children: a task that has just begun is not among the active ones yet.
        for pid in worker.pool.info["processes"]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    signals.worker_shutting_down.connect(end_training, weak=False)


def warn_of_void_messages() -> None:
    """Say once an hour at most that a message was void when it came: most likely clocks differ."""
    warned_at = -math.inf

    def warn(request: Any = None, expired: bool = False, **_: object) -> None:
        nonlocal warned_at
        if not expired or time.monotonic() - warned_at < VOID_SECONDS:
            return
        warned_at = time.monotonic()
        expires = request.expires  # as the message has it: of a text, or read already
        if isinstance(expires, str):
            expires = datetime.fromisoformat(expires)
        late = (datetime.now(UTC) - expires).total_seconds()
        log.warning(
            "a message of the scheduler (%s) was void when it came, for %.0f s by this host's "
            "clock: no worker has taken any for long, or this clock is ahead of the scheduler's by "
            "more than that. Set the clocks of all hosts by NTP",
            request.task,
            late,
        )

    signals.task_revoked.connect(warn, weak=False)


def prepare_database(settings: Settings) -> None:
    """Wait for the database, bring its tables up to date, and leave no connection to a fork."""
    until_reachable(lambda: open_database(settings)).dispose()
