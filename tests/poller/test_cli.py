"""The commands as a user runs them: processes of their own, a stand-in on a port."""

import re
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from core.database.api_tables import ApiLease
from core.database.engine import make_engine
from core.database.tables import LastSign, Question
from core.errors import SchemaOutdated
from core.parts.signs import TOLD_TO_STOP
from core.settings import Settings
from demo.standin.api import StandIn
from demo.standin.limits import Limits
from demo.standin.server import StandInServer
from demo.standin.timeline import Release, site_of
from poller.cli import _poll_until_stopped
from tests.conftest import free_port
from tests.poller.simulation import SITE, made_up_questions
from tests.processes import environment, run_tagger, service, wait_until


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


def settings_of(server: StandInServer, database: str, broker: str, **more: str) -> dict[str, str]:
    """The variables with which a command asks the stand-in."""
    settings = {"api_url": f"{server.url}/2.3", "sites": SITE, "poll_seconds": "1"}
    return environment(**settings | {"database_url": database, "broker_url": broker} | more)


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
    done = run_tagger("poll", "--once", env=settings_of(server, sqlite_url, redis_url))
    assert done.returncode == 0, done.stderr
    assert count(sqlite_url) >= 100
    assert re.fullmatch(r"stats: [\d,]+ new questions(, \d+ edited)?\.\n", done.stdout)
    assert server.standin.observer.violations == []


@pytest.mark.slow
def test_history_says_how_far_it_has_come(
    server: StandInServer, sqlite_url: str, redis_url: str
) -> None:
    env = settings_of(server, sqlite_url, redis_url, history_questions="150")
    done = run_tagger("history", env=env)
    assert done.returncode == 0, done.stderr
    assert "past questions fetched." in done.stdout
    assert count(sqlite_url) >= 150


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_loop_ends_in_order_when_told_to(
    server: StandInServer,
    sqlite_url: str,
    redis_url: str,
    tmp_path: Path,
    number: signal.Signals,
) -> None:
    env = settings_of(server, sqlite_url, redis_url, history_questions="0")
    log = tmp_path / "log"
    with service("poll", env=env, log=log) as poller:
        wait_until(lambda: server.standin.observer.requests >= 3, seconds=60, what="it polls")
        poller.send_signal(number)
        assert poller.wait(30) == 0
    assert "Traceback" not in log.read_text()
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
    done = run_tagger("poll", env=settings_of(server, sqlite_url, redis_url, sites="statz"))
    assert done.returncode == 1
    assert "There is no site 'statz' (near matches: stats)" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_an_api_that_is_away_is_told_in_one_line(
    server: StandInServer, sqlite_url: str, redis_url: str
) -> None:
    away = f"http://127.0.0.1:{free_port()}/2.3"
    env = settings_of(server, sqlite_url, redis_url, api_url=away)
    done = run_tagger("poll", "--once", env=env)
    assert done.returncode == 1
    assert "stats, live:" in done.stderr
    assert "Traceback" not in done.stderr


def test_to_upgrade_the_tables_may_take_longer_than_the_poller_may_hang(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ends: list[str] = []

    def upgrade_for_long(_: Settings) -> Engine:
        time.sleep(0.5)
        raise SchemaOutdated("They are upgraded.")

    monkeypatch.setattr("poller.cli.patience", lambda _: 0.1)
    monkeypatch.setattr("poller.cli.last_words", lambda _: ends.append)
    monkeypatch.setattr("poller.cli.open_database", upgrade_for_long)
    with pytest.raises(SchemaOutdated):
        _poll_until_stopped(Settings(data_dir=tmp_path))
    assert ends == []
