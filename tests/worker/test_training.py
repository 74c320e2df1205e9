"""A training in a process of its own: it is stopped in time, and ends with its worker."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine

from core.settings import Settings
from tests.processes import environment, wait_until
from worker.training import run_training

pytestmark = pytest.mark.slow

WORKER = "from core.settings import Settings; from worker.training import run_training; "
ENOUGH_TO_BEGIN = 4  # seconds


def variables(engine: Engine) -> dict[str, str]:
    address = engine.url.render_as_string(hide_password=False)
    return environment(database_url=address, min_questions=50, settle_days=0)


def test_a_training_that_takes_too_long_is_ended(
    trainable: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name, value in variables(trainable).items():
        monkeypatch.setenv(name, value)
    short = Settings().model_copy(update={"training_seconds": ENOUGH_TO_BEGIN})
    run_training("stats", short, new_questions=1)
    assert "training was ended after 4 seconds (TAGGER_TRAINING_SECONDS)" in caplog.text


def test_a_training_ends_with_a_worker_that_is_killed(trainable: Engine) -> None:
    command = [sys.executable, "-c", f"{WORKER} run_training('stats', Settings(), new_questions=1)"]
    with subprocess.Popen(
        command, env=variables(trainable), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    ) as worker:
        children = Path(f"/proc/{worker.pid}/task/{worker.pid}/children")
        wait_until(lambda: bool(children.read_text().split()), seconds=30, what="begun")
        training = os.pidfd_open(int(children.read_text().split()[0]))
        wait_until(lambda: _is_program(children), seconds=30, what="the program itself")
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    ended, _, _ = select.select([training], [], [], 60)
    os.close(training)
    assert ended


def _is_program(children: Path) -> bool:
    """Whether the training has come to its own settings, from where on it follows its parent."""
    pid = children.read_text().split()[0]
    return b"tagger" in Path(f"/proc/{pid}/cmdline").read_bytes()
