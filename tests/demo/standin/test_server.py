"""The stand-in on a port, in a thread and as a program."""

import gzip
import json
import os
import signal
import subprocess
import sys
import threading
import time
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
import requests
from requests.adapters import HTTPAdapter

from demo.standin.api import StandIn
from demo.standin.faults import Failure, Faults
from demo.standin.serve import load
from demo.standin.server import StandInServer

START = 1_700_000_000


def write_questions(path: Path, *sites: str) -> Path:
    lines = [
        {
            "site": site,
            "question_id": number,
            "title": "Title",
            "body": "<p>Body</p>",
            "tags": ["a"],
            "link": f"https://{site}.example/q/{number}",
        }
        for site in sites
        for number in range(1, 11)
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    path.write_bytes(gzip.compress(text.encode()))
    return path


@pytest.fixture
def standin(tmp_path: Path) -> StandIn:
    return load([write_questions(tmp_path / "q.jsonl.gz", "stats", "math")], start=START)


def test_a_connection_is_kept_for_the_next_request(standin: StandIn) -> None:
    with StandInServer(standin, clock=lambda: START) as server, requests.Session() as session:
        for page in (1, 2, 3):
            session.get(f"{server.url}/2.3/questions?site=stats&page={page}", timeout=5)
        adapter = session.get_adapter(server.url)
        assert isinstance(adapter, HTTPAdapter)
        pools = adapter.poolmanager.pools
        [pool] = [pools[key] for key in pools.keys()]  # noqa: SIM118 - it is no dictionary
        assert (pool.num_requests, pool.num_connections) == (3, 1)


def test_its_answers_are_dated_by_its_own_time(standin: StandIn) -> None:
    with StandInServer(standin, clock=lambda: START + 60) as server, requests.Session() as session:
        answer = session.get(f"{server.url}/2.3/questions?site=stats", timeout=5)
        assert parsedate_to_datetime(answer.headers["Date"]).timestamp() == START + 60


def test_it_stops_at_once_with_idle_connections_and_silent_answers(standin: StandIn) -> None:
    standin.faults = Faults(script=(None, Failure.SILENT))
    with requests.Session() as idle, requests.Session() as waiting:
        with StandInServer(standin, clock=lambda: START) as server:
            url = f"{server.url}/2.3/questions?site=stats"
            idle.get(url, timeout=5)
            with pytest.raises(requests.ReadTimeout):
                waiting.get(f"{url}&page=2", timeout=0.1)
            before = time.monotonic()
        assert time.monotonic() - before < 2


def test_many_clients_at_once_are_all_counted(standin: StandIn) -> None:
    with StandInServer(standin, clock=lambda: START) as server:

        def ask(number: int) -> None:
            url = f"{server.url}/2.3/questions?site=stats&fromdate={number}"
            assert requests.get(url, timeout=5).status_code == 200

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(25)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert standin.observer.requests == 25


PROGRAM = """
import sys, typer
from demo.standin.cli import stand_in
app = typer.Typer()
app.command()(stand_in)
app()
"""


def start_program(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM, *arguments]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ})


@pytest.mark.slow
def test_the_program_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    file = write_questions(tmp_path / "q.jsonl.gz", "stats")
    with start_program(str(file), "--port", "0", "--history-share", "1") as program:
        assert program.stderr is not None
        line = program.stderr.readline()
        url = line.rpartition(" at ")[2].strip()
        answer = requests.get(f"{url}/questions?site=stats", timeout=5)
        assert len(answer.json()["items"]) == 10
        program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=10) == 0
        assert "SIGTERM: stopping" in program.stderr.read()


@pytest.mark.parametrize(
    ("file", "port", "complaint"),
    [("none.jsonl", 0, "No such file"), ("q.jsonl.gz", None, "Cannot listen on")],
)
@pytest.mark.slow
def test_the_program_says_what_is_wrong_in_one_line(
    tmp_path: Path, standin: StandIn, file: str, port: int | None, complaint: str
) -> None:
    with StandInServer(standin) as server:
        taken = server.url.rpartition(":")[2]
        port_option = taken if port is None else str(port)
        with start_program(str(tmp_path / file), "--port", port_option) as program:
            assert program.wait(timeout=30) == 1
            assert program.stderr is not None
            errors = program.stderr.read()
    assert errors.startswith("tagger: ")
    assert complaint in errors
    assert errors.count("\n") == 1
