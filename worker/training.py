"""Runs a site's training in a process of its own, which can be stopped and ends with this one."""

import logging
import os
import subprocess
import sys
from typing import Final

from core.child_process import leashed
from core.settings import Settings

log = logging.getLogger(__name__)

STOP_SECONDS: Final = 30  # for a training that is told to end; then it is killed


def run_training(site: str, settings: Settings, *, new_questions: int) -> None:
    """Run `tagger train` for a site and wait for its end; TensorFlow stays in that process.

    It is ended after `settings.training_seconds`. If this process is ended, so is the training:
    told by a signal, or by the closing of its standard input where there was no time for one.
    """
    command = [sys.executable, "-m", "tagger", "train", "--site", site]
    command += ["--new-questions", str(new_questions)]
    log.info("%s: training begins", site)
    with subprocess.Popen(  # noqa: S603 (our own program; the site is one of its arguments)
        command, stdin=subprocess.PIPE, env=leashed(os.environ)
    ) as process:
        try:
            status = process.wait(settings.training_seconds)
        except subprocess.TimeoutExpired:
            _end(process)
            log.error(  # noqa: TRY400 (one line)
                "%s: training was ended after %d seconds (TAGGER_TRAINING_SECONDS)",
                site,
                settings.training_seconds,
            )
            return
        except SystemExit:  # what SIGTERM raises in a child of Celery's pool
            _end(process)
            log.warning("%s: training was ended with its worker", site)
            return  # raised further, it would be an error of the task's, with its traceback
        except BaseException:
            _end(process)
            raise
    if status == 0:
        log.info("%s: training has ended", site)
    else:
        log.error("%s: training failed with status %d; see its lines above", site, status)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Tell a training to end, which then writes its row; kill it where it does not."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
