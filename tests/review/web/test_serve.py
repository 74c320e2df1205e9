"""The service as its users run it."""

import http.client
import re
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import free_port
from tests.processes import environment, run_tagger, service, wait_until

pytestmark = pytest.mark.slow


def get(port: int, path: str) -> tuple[int, str]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.getheader("location") or ""


def test_it_prints_the_link_that_logs_in_and_ends_in_order(tmp_path: Path) -> None:
    port, log, heartbeat = free_port(), tmp_path / "log", tmp_path / "heartbeat"
    env = environment(data_dir=tmp_path, review_port=port, heartbeat_file=heartbeat)
    with service("review", env=env, log=log) as process:
        wait_until(lambda: "/login?token=" in log.read_text(), seconds=60, what="it listens")
        link = re.search(r"http://127\.0\.0\.1:\d+(/login\S+)", log.read_text())
        assert link
        wait_until(heartbeat.exists, seconds=20, what="it touches its heartbeat")
        assert get(port, "/healthz")[0] == 200
        assert get(port, link[1]) == (303, "/review")
        assert get(port, "/login?token=wrong")[0] == 403
        second = run_tagger("review", env=env)
        assert second.returncode == 1
        assert f"cannot listen on 127.0.0.1:{port}: Address already in use." in second.stderr
        process.terminate()
        assert process.wait(20) == 0
    assert log.read_text().count("token=") == 1  # in no line on requests
