"""The commands as a user runs them: processes of their own, a stand-in on a port."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core.database.api_tables import ApiLease
from core.database.engine import make_engine
from core.database.tables import LastSign, Question
from core.parts.signs import TOLD_TO_STOP
from demo.standin.api import StandIn
from demo.standin.limits import Limits
from demo.standin.server import StandInServer
from demo.standin.timeline import Release, site_of
from tests.conftest import free_port
from tests.poller.simulation import SITE, made_up_questions

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def server() -> Iterator[StandInServer]:
    now = time.time()
    release = Release(
        history_share=0.5, history_days=2, history_answered=0, per_minute=600, delay=0
    )
    site = site_of(SITE, made_up_questions(400), start=now, release=release)
    standin = StandIn([site], start=now, limits=Limits(quota_without_key=1000))
    with StandInServer(standin) as running:
        yield running


def environment(server: StandInServer, database: str, broker: str, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TAGGER_")}
    return kept | {
        "PYTHONPATH": str(ROOT),
        "TAGGER_API_URL": f"{server.url}/2.3",
        "TAGGER_DATABASE_URL": database,
        "TAGGER_BROKER_URL": broker,
        "TAGGER_SITES": SITE,
        "TAGGER_POLL_SECONDS": "1",
        **more,
    }


def tagger(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tagger", *arguments]
    return subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=120, check=False
    )


def count(database: str) -> int:
    engine = make_engine(database)
    with engine.connect() as connection:
        found = connection.execute(select(func.count(Question.id))).scalar_one()
    engine.dispose()
    return found


@pytest.mark.slow
def test_poll_once_stores_what_is_new_and_ends(
    server: StandInServer, sqlite_url: str, redis_url: str
) -> None:
    done = tagger("poll", "--once", env=environment(server, sqlite_url, redis_url))
    assert done.returncode == 0, done.stderr
    assert count(sqlite_url) >= 100
    assert re.fullmatch(r"stats: [\d,]+ new questions(, \d+ edited)?\.\n", done.stdout)
    assert server.standin.observer.violations == []


@pytest.mark.slow
def test_history_says_how_far_it_has_come(
    server: StandInServer, sqlite_url: str, redis_url: str
) -> None:
    env = environment(server, sqlite_url, redis_url, TAGGER_HISTORY_QUESTIONS="150")
    done = tagger("history", env=env)
    assert done.returncode == 0, done.stderr
    assert "past questions fetched." in done.stdout
    assert count(sqlite_url) >= 150


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_loop_ends_in_order_when_told_to(
    server: StandInServer, sqlite_url: str, redis_url: str, number: signal.Signals
) -> None:
    env = environment(server, sqlite_url, redis_url, TAGGER_HISTORY_QUESTIONS="0")
    command = [sys.executable, "-m", "tagger", "poll"]
    with subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        while server.standin.observer.requests < 3 and time.monotonic() < deadline:
            time.sleep(0.1)
        process.send_signal(number)
        _, told = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in told
    engine = make_engine(sqlite_url)
    with engine.connect() as connection:
        assert connection.execute(select(ApiLease.site)).all() == []
        (sign,) = connection.execute(select(LastSign.name, LastSign.ended)).all()
    engine.dispose()
    assert sign == (f"poller@{socket.gethostname()}", TOLD_TO_STOP)


@pytest.mark.slow
def test_a_wrong_site_is_one_line_with_near_matches(
    server: StandInServer, sqlite_url: str, redis_url: str
) -> None:
    done = tagger("poll", env=environment(server, sqlite_url, redis_url, TAGGER_SITES="statz"))
    assert done.returncode == 1
    assert "There is no site 'statz' (near matches: stats)" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_an_api_that_is_away_is_told_in_one_line(
    server: StandInServer, sqlite_url: str, redis_url: str
) -> None:
    away = f"http://127.0.0.1:{free_port()}/2.3"
    env = environment(server, sqlite_url, redis_url, TAGGER_API_URL=away)
    done = tagger("poll", "--once", env=env)
    assert done.returncode == 1
    assert "stats, live:" in done.stderr
    assert "Traceback" not in done.stderr
