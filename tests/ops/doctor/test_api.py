"""What is wrong with the API: the stand-in on a port, and servers that are none of it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert

import tagger
from core.console import ApiProbe, AskApi, probes
from core.database.api_tables import FeedRow, PauseReason
from core.errors import ApiPaused
from demo.standin.api import StandIn
from demo.standin.limits import Limits
from demo.standin.server import StandInServer
from demo.standin.timeline import Release, site_of
from tests.conftest import ManualClock, free_port
from tests.ops.doctor.conftest import Look
from tests.poller.simulation import made_up_questions

assert tagger.PARTS  # it is what brings the poller's question here
ASK: AskApi = probes["api"]


@contextmanager
def api(limits: Limits | None = None) -> Iterator[str]:
    """The API's base URL, with limits of its own."""
    now = time.time()
    release = Release(history_share=1, history_days=2, history_answered=0, per_minute=60, delay=0)
    site = site_of("stats", made_up_questions(5), start=now, release=release)
    standin = StandIn([site], start=now, limits=limits or Limits())
    with StandInServer(standin) as server:
        yield f"{server.url}/2.3"


@pytest.mark.parametrize("with_database", [True, False])
def test_one_that_answers_tells_its_quota_also_without_a_database(
    look: Look, sqlite_engine: Engine, tmp_path: Path, with_database: bool
) -> None:
    address = (
        str(sqlite_engine.url) if with_database else f"sqlite:///{tmp_path / 'none/x.sqlite3'}"
    )
    with api() as url:
        (found,) = look("API", api_url=url, database_url=address, ask_api=ASK)
    assert found.severity == "ok"
    assert found.seen.endswith("without key answers; 299 of 300 requests are left today")
    assert not (tmp_path / "none").exists()


def test_it_is_not_asked_twice_within_a_minute(look: Look, sqlite_engine: Engine) -> None:
    with api() as url:
        for told in ("answers", "was asked less than a minute ago; look again after "):
            (found,) = look("API", api_url=url, database_url=sqlite_engine.url, ask_api=ASK)
            assert (found.severity, told in found.seen) == ("ok", True)
            time.sleep(0.15)


def test_a_quota_that_is_used_up_is_told_with_what_gives_more(
    look: Look, sqlite_engine: Engine
) -> None:
    with api(Limits(quota_without_key=1)) as url:
        for told in ("0 of 1 requests are left today", "today's quota is used up"):
            (found,) = look("API", api_url=url, database_url=sqlite_engine.url, ask_api=ASK)
            assert (found.severity, told in found.seen) == ("warning", True), found
            assert found.fix.endswith("set TAGGER_API_KEY: 10,000 requests a day instead of 300")
            time.sleep(0.15)
    (found,) = look("API", api_url=url, database_url=sqlite_engine.url)  # which is not asked
    assert (found.severity, "is used up" in found.seen) == ("warning", True)


def test_a_key_that_is_refused_is_told_and_not_shown(look: Look, sqlite_engine: Engine) -> None:
    settings = {"api_key": "hush-hush", "database_url": sqlite_engine.url, "ask_api": ASK}
    with api(Limits(keys=frozenset({"right"}))) as url:
        for told in (" (bad_parameter, error_id 400)", "not asked: "):  # it pauses for minutes
            (found,) = look("API", api_url=url, **settings)
            assert (found.severity, told in found.seen) == ("error", True), found
            assert "the API does not know TAGGER_API_KEY" in found.seen
            assert found.fix.startswith("Correct TAGGER_API_KEY")
            assert "hush-hush" not in found.seen
            time.sleep(0.15)


@pytest.mark.parametrize(
    ("reason", "severity", "fix"),
    [
        (PauseReason.OWN_RULE, "ok", ""),
        (PauseReason.BACKOFF, "ok", ""),
        (PauseReason.QUOTA, "warning", "Wait until midnight UTC"),
        (PauseReason.THROTTLED, "warning", "Wait: the poller"),
        (PauseReason.KEY_REFUSED, "error", "Correct TAGGER_API_KEY"),
        (PauseReason.NOT_CONNECTED, "error", "Check the network"),
        ("what a later version calls it", "error", "Check the network"),
    ],
)
def test_a_pause_is_told_by_its_reason_whatever_its_words(
    look: Look, sqlite_engine: Engine, reason: str, severity: str, fix: str
) -> None:
    def ask(*_: object) -> ApiProbe:
        raise ApiPaused("quota, KEY, backoff", until=datetime.now(UTC), reason=reason)

    (found,) = look("API", database_url=sqlite_engine.url, ask_api=ask)
    assert (found.severity, found.fix.startswith(fix)) == (severity, True)


def test_one_that_is_away_is_told_with_its_usual_address(look: Look, sqlite_url: str) -> None:
    (found,) = look(
        "API",
        clock=ManualClock(datetime.now(UTC)),
        api_url=f"http://127.0.0.1:{free_port()}",
        database_url=sqlite_url,
        ask_api=ASK,
    )
    assert found.severity == "error"
    assert "no connection to 127.0.0.1" in found.seen
    assert "TAGGER_API_URL, which is https://api.stackexchange.com/2.3 by default" in found.fix


class _Page(BaseHTTPRequestHandler):
    """A web server that is no API."""

    def do_GET(self) -> None:
        body = b"<!doctype html><title>Welcome</title>"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def test_a_wrong_address_is_told_also_while_it_is_not_asked_again(
    look: Look, sqlite_engine: Engine
) -> None:
    clock = ManualClock(datetime.now(UTC))  # its pause is of seconds
    with ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings = {
            "api_url": f"http://127.0.0.1:{server.server_address[1]}",
            "database_url": sqlite_engine.url,
            "clock": clock,
        }
        for told in ("with HTML in place of an answer", "(no readable answer)"):
            (found,) = look("API", ask_api=ASK, **settings)
            assert (found.severity, told in found.seen) == ("error", True), found
            assert "TAGGER_API_URL" in found.fix
            clock.sleep(0.15)
        server.shutdown()


def test_it_is_not_asked_while_its_rate_limit_cannot_be_read(look: Look) -> None:
    address = f"postgresql://127.0.0.1:{free_port()}/none"
    (found,) = look("API", database_url=address, ask_api=ASK)
    assert (found.severity, found.seen) == ("warning", "not checked: the database cannot be read")


def test_a_feed_that_keeps_failing_is_told(look: Look, sqlite_engine: Engine) -> None:
    row = {"site": "stats", "feed": "live", "failures": 3, "last_error": "no answer"}
    with sqlite_engine.begin() as connection:
        connection.execute(insert(FeedRow).values(row))
    (found,) = look("feeds", database_url=sqlite_engine.url)
    assert found.seen == "stats, feed live: 3 tries failed: no answer"
    assert found.fix.endswith(": tagger poll --once")
