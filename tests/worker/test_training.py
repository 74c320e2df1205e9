"""A training in a process of its own: it is stopped in time, and ends with its worker."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy import select as select_rows

from core.clock import SystemClock
from core.database.tables import TrainingRun
from core.settings import Settings
from tests.processes import ROOT, environment, wait_until
from trainer.runs.rows import start_run
from worker.training import KILLED, run_training

WORKER = """
from core.clock import SystemClock
from core.settings import Settings
from worker.training import run_training
run_training("stats", Settings(), new_questions=1, clock=SystemClock())
"""
# Stands in for the program: begins a run, leaves a temporary folder, and is killed.
KILLED_PROGRAM = """
import os, signal, tempfile
from core.clock import SystemClock
from core.database.engine import make_engine
from core.settings import load_settings
from trainer.runs.rows import start_run
with make_engine(load_settings().database).begin() as connection:
    start_run(connection, "stats", now=SystemClock().now())
with open("its folder", "w") as file:
    file.write(tempfile.mkdtemp())
os.kill(os.getpid(), signal.SIGKILL)
"""
ENOUGH_TO_BEGIN = 4  # seconds


def variables(engine: Engine) -> dict[str, str]:
    address = engine.url.render_as_string(hide_password=False)
    return environment(database_url=address, min_questions=50, settle_days=0)


@pytest.mark.slow
def test_a_training_that_takes_too_long_is_ended(
    trainable: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name, value in variables(trainable).items():
        monkeypatch.setenv(name, value)
    short = Settings().model_copy(update={"training_seconds": ENOUGH_TO_BEGIN})
    run_training("stats", short, new_questions=1, clock=SystemClock())
    assert "training was ended after 4 seconds (TAGGER_TRAINING_SECONDS)" in caplog.text


@pytest.mark.slow
def test_a_training_ends_with_a_worker_that_is_killed(trainable: Engine) -> None:
    command = [sys.executable, "-c", WORKER]
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


@pytest.mark.slow
def test_a_training_that_the_system_kills_says_so_and_leaves_no_folder(
    sqlite_engine: Engine,
    sqlite_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with sqlite_engine.begin() as connection:  # on another host, and still under way
        start_run(connection, "cooking", now=SystemClock().now())
    (tmp_path / "tagger.py").write_text(KILLED_PROGRAM)  # found before the real one
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("TAGGER_DATABASE_URL", sqlite_url)
    run_training("stats", Settings(), new_questions=1, clock=SystemClock())
    (line,) = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert line == f"stats: training failed: {KILLED}"
    assert "for lack of memory. Give it more (TRAINER_MEMORY" in line
    with sqlite_engine.connect() as connection:
        chosen = select_rows(TrainingRun.outcome, TrainingRun.error).order_by(TrainingRun.id)
        assert connection.execute(chosen).all() == [(None, None), ("failed", KILLED)]
    assert not Path((tmp_path / "its folder").read_text()).exists()


def test_without_a_database_a_killed_training_is_told_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "tagger.py").write_text("import os; os.kill(os.getpid(), 9)")
    monkeypatch.setenv("TAGGER_DATABASE_URL", "postgresql://127.0.0.1:1/none")
    run_training("stats", Settings(), new_questions=1, clock=SystemClock())
    told, not_kept = caplog.messages
    assert told.endswith(KILLED)
    assert "not kept for the status" in not_kept
