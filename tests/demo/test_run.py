"""The demo's end: where its review page is."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import Engine

from core.service.review_page import TOKEN_FILE
from core.settings import DEFAULTS
from demo.run import Demo, _free_port, _print_page
from tests.conftest import ManualClock
from tests.processes import environment, wait_until
from tests.trainer.test_train import runs, store_made_up

TRAINING = """
import os, sys
from pathlib import Path
from core.clock import SystemClock
from core.console import end_on_sigterm
from demo.run import Demo, _step
end_on_sigterm()
options = ["--site", "fruit", "--architecture", "simple", "--epochs", "100000"]
_step(Demo(Path(sys.argv[1]), os.environ, 0, SystemClock()), "trains", "train", *options)
"""


def test_the_page_has_another_port_where_its_usual_one_is_taken() -> None:
    with suppress(OSError), socket.create_server((DEFAULTS.review_host, DEFAULTS.review_port)):
        assert _free_port() != DEFAULTS.review_port
    assert _free_port() > 0


def test_it_tells_the_link_that_logs_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], clock: ManualClock
) -> None:
    (tmp_path / TOKEN_FILE).write_text("a-token\n")
    _print_page(Demo(tmp_path, {"TAGGER_REVIEW_PORT": "8081"}, 1, clock))
    assert "http://127.0.0.1:8081/login?token=a-token\n" in capsys.readouterr().out


@pytest.mark.chaos
@pytest.mark.slow
def test_a_demo_that_is_ended_lets_its_training_say_so(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    store_made_up(sqlite_engine, 300)
    address = sqlite_engine.url.render_as_string(hide_password=False)
    variables = environment(database_url=address, min_questions=50)
    with subprocess.Popen([sys.executable, "-c", TRAINING, tmp_path], env=variables) as demo:
        wait_until(lambda: runs(sqlite_engine) == [(None, None)], seconds=120, what="a run")
        os.kill(demo.pid, signal.SIGTERM)
        assert demo.wait(60) == 128 + signal.SIGTERM
    assert runs(sqlite_engine) == [("failed", "stopped")]
