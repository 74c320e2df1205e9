"""Requests and the rate limit that holds for them: every way that a request ends is told to it."""

import random
from typing import Any

import pytest
import requests
import responses
from sqlalchemy import Engine, func, select

from core.database.api_tables import ApiLease, ApiPause
from core.errors import ApiPaused, ApiUnreachable, DatabaseUnreachable
from poller.api import Api
from poller.build import make_api
from poller.client import ApiRequest
from poller.shutdown import Shutdown
from tests.conftest import ManualClock
from tests.poller.simulation import API, made_up_settings

REQUEST = ApiRequest("questions", "stats", (("page", "1"),))
GOOD: dict[str, Any] = {"items": [], "has_more": False, "quota_max": 300, "quota_remaining": 7}


class StoppedSession(requests.Session):
    """A session that is told to stop while it waits for a connection."""

    def send(self, *_: object, **__: object) -> requests.Response:
        raise Shutdown


def api_of(engine: Engine, clock: ManualClock, session: requests.Session | None = None) -> Api:
    session = session or requests.Session()
    return make_api(
        made_up_settings(), engine, session=session, clock=clock, chance=random.Random(1)
    )


def count(engine: Engine, column: Any) -> int:
    with engine.connect() as connection:
        return connection.execute(select(func.count(column))).scalar_one()


def test_an_answer_is_kept_and_its_request_waits_for_a_minute(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    api = api_of(sqlite_engine, clock)
    with responses.RequestsMock() as mock:
        mock.get(f"{API}/questions", json=GOOD)
        assert api.ask(REQUEST).quota_remaining == 7
        clock.sleep(1)
        with pytest.raises(ApiPaused, match="less than a minute ago"):
            api.ask(REQUEST)
        assert len(mock.calls) == 1  # what is paused is not sent
    assert api.rate_limit.quota().remaining == 7


def test_no_answer_pauses_everything_and_is_raised(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    with responses.RequestsMock() as mock:
        mock.get(f"{API}/questions", body=requests.ConnectionError("no route"))
        with pytest.raises(ApiUnreachable):
            api_of(sqlite_engine, clock).ask(REQUEST)
    assert count(sqlite_engine, ApiPause.client) == 1
    assert count(sqlite_engine, ApiLease.site) == 0


def test_what_an_api_is_away_for_is_told_though_the_database_is_away_too(
    sqlite_engine: Engine,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def lose(*_: object) -> None:
        raise DatabaseUnreachable("server closed the connection")

    monkeypatch.setattr("poller.pauses.Pauses.save", lose)
    with responses.RequestsMock() as mock:
        mock.get(f"{API}/questions", body=requests.ConnectionError("no route"))
        with pytest.raises(DatabaseUnreachable):
            api_of(sqlite_engine, clock).ask(REQUEST)
    (line,) = caplog.messages
    assert "no connection to stand-in.test" in line


def test_a_shutdown_while_it_waits_lets_other_processes_ask_at_once(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    with pytest.raises(Shutdown):
        api_of(sqlite_engine, clock, StoppedSession()).ask(REQUEST)
    assert count(sqlite_engine, ApiLease.site) == 0
    assert count(sqlite_engine, ApiPause.client) == 0
