"""The state of the whole service, put together."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from celery import Celery
from sqlalchemy import Engine, insert

from core.database.api_tables import FeedRow
from core.errors import BrokerUnreachable
from core.settings import Settings
from ops import service_state
from ops.service_state import BrokerState, ask_broker, read_state, state_as_json
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import give_signs, publish_live, question, store_questions


def raising(error: Exception) -> Callable[[object], Any]:
    def ask(_: object) -> Any:
        raise error

    return ask


def test_a_broker_that_is_away_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_state, "queue_lengths", raising(BrokerUnreachable("It is away.")))
    state = ask_broker(Celery())
    assert state.error is not None
    assert state.error.startswith("It is away.")


def test_all_is_read_at_one_moment_and_told_as_json(engine: Engine, clock: ManualClock) -> None:
    publish_live(engine, word_bundle(), now=clock.now())
    store_questions(engine, question(1), now=clock.now())
    give_signs(engine, {"tagging@a": 1, "scheduler@a": 300}, now=clock.now())
    broker = BrokerState({"tagging": 1}, ("scheduler@a",))
    state = read_state(engine, Settings(), clock, broker=broker)
    assert (state.health, state.troubles) == ("ok", [])
    told = state_as_json(state)
    (site,) = told["sites"]
    assert (site["site"], site["pending"], site["live_version"]) == ("stats", 1, 1)
    assert told["broker"] == {
        "queues": {"tagging": 1},
        "answering": ("scheduler@a",),
        "error": None,
    }
    assert "***" in told["database"] or "@" not in told["database"]


def test_a_site_that_was_taken_out_of_the_settings_is_no_trouble_for_good(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    """Nobody asks for its feeds again, so what they last failed with stays in their rows."""
    give_signs(sqlite_engine, {"tagging@a": 1, "scheduler@a": 1}, now=clock.now())
    last = clock.now() - timedelta(days=1)
    feed = {"site": "retired", "feed": "live", "failures": 3, "last_error_at": last}
    with sqlite_engine.begin() as connection:
        connection.execute(insert(FeedRow).values(feed | {"last_error": "no answer"}))
    broker = BrokerState({}, ())
    for settings, health in ((Settings(sites=("stats",)), "ok"), (Settings(), "degraded")):
        assert read_state(sqlite_engine, settings, clock, broker=broker).health == health
