"""Runs a site's training in a process of its own, which can be stopped and ends with this one."""

import logging
import os
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from core.child_process import end, leashed
from core.clock import Clock
from core.database.engine import writing_once
from core.database.tables import TrainingRun
from core.errors import DatabaseUnreachable
from core.settings import Settings

log = logging.getLogger(__name__)

STOP_SECONDS: Final = 30  # for a training that is told to end; then it is killed
KILLED: Final = (
    "the system killed the process, most likely for lack of memory. Give it more (TRAINER_MEMORY "
    "in the composition), or let it learn from fewer questions (TAGGER_TRAINING_QUESTIONS)"
)


def run_training(site: str, settings: Settings, *, new_questions: int, clock: Clock) -> None:
    """Run `tagger train` for a site and wait for its end; TensorFlow stays in that process.

    It is ended after `settings.training_seconds`. If this process is ended, so is the training:
    told by a signal, or by the closing of its standard input where there was no time for one.
    Its temporary files are in a folder that this process deletes, however it ends.
    """
    begun = clock.now()
    log.info("%s: training begins", site)
    with TemporaryDirectory(prefix="training-", ignore_cleanup_errors=True) as folder:
        status = _run(site, settings, new_questions, Path(folder))
    if status == 0:
        log.info("%s: training has ended", site)
    elif status == -signal.SIGKILL:
        log.error("%s: training failed: %s", site, KILLED)
        _end_row(site, settings, begun=begun, now=clock.now())
    elif status is not None:
        log.error("%s: training failed with status %d; see its lines above", site, status)


def _run(site: str, settings: Settings, new_questions: int, folder: Path) -> int | None:
    """Run it to its end, and return its status; None where it was ended from here."""
    command = [sys.executable, "-m", "tagger", "train", "--site", site]
    command += ["--new-questions", str(new_questions)]
    environment = leashed({**os.environ, "TMPDIR": str(folder)})
    # What it prints for people is no line of the log, and stands in its report too.
    prints = subprocess.DEVNULL if settings.log_format == "json" else None
    with subprocess.Popen(  # noqa: S603 (our own program; the site is one of its arguments)
        command, stdin=subprocess.PIPE, stdout=prints, env=environment
    ) as process:
        try:
            return process.wait(settings.training_seconds)
        except subprocess.TimeoutExpired:
            end(process, seconds=STOP_SECONDS)
            seconds = settings.training_seconds
            message = "%s: training was ended after %d seconds (TAGGER_TRAINING_SECONDS)"
            log.error(message, site, seconds)  # noqa: TRY400 (one line)
        except SystemExit:  # what SIGTERM raises in a child of Celery's pool
            end(process, seconds=STOP_SECONDS)
            # Raised further, it would be an error of the task's, with its traceback.
            log.warning("%s: training was ended with its worker", site)
        except BaseException:
            end(process, seconds=STOP_SECONDS)
            raise
    return None


def _end_row(site: str, settings: Settings, *, begun: datetime, now: datetime) -> None:
    """Write into the row of a run that was killed what it could not write itself."""
    mine = (TrainingRun.site == site, TrainingRun.started_at >= begun)
    killed = update(TrainingRun).where(*mine, TrainingRun.ended_at.is_(None))
    try:
        with writing_once(settings.database) as connection:
            connection.execute(killed.values(ended_at=now, outcome="failed", error=KILLED))
    except (DBAPIError, DatabaseUnreachable) as error:  # the next run ends the row
        log.warning("%s: that is not kept for the status: %s", site, error)
