"""The loop: what is due when, what outlives a restart, and what is done when something is away."""

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from core.clock import Clock
from core.database.api_tables import FeedRow
from core.database.tables import Question, TaggingRequest
from core.errors import BrokerUnreachable
from core.feeds import FeedName
from demo.standin.api import StandIn
from demo.standin.faults import Failure, Faults, Preset
from demo.standin.limits import Limits
from demo.standin.server import StandInServer
from demo.standin.timeline import Release, site_of
from poller.feeds import Cursor, Step
from poller.quota import Quota
from poller.rate_limit import RateLimit
from tests.conftest import ManualClock
from tests.poller.feeds.feed_world import asked, world
from tests.poller.simulation import (
    Simulation,
    made_up_questions,
    made_up_settings,
    simulation,
)

HOUR = 3600.0


@dataclass
class FastClock:
    """The machine's clock, so many times as fast."""

    speed: float
    begun: float = field(default_factory=time.monotonic)
    start: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.start + timedelta(seconds=(time.monotonic() - self.begun) * self.speed)

    def monotonic(self) -> float:
        return (time.monotonic() - self.begun) * self.speed

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds / self.speed)


def for_hours(clock: Clock, hours: float) -> Callable[[], bool]:
    end = clock.now() + timedelta(hours=hours)
    return lambda: clock.now() >= end


def several_sites(
    engine: Engine, count: int, *, limits: Limits, faults: Faults | None = None, **options: Any
) -> Simulation:
    clock = ManualClock()
    start = clock.now().timestamp()
    names = [f"site{number}" for number in range(count)]
    release = Release(history_share=0.5, per_minute=0.5, delay=60)
    sites = [
        site_of(name, made_up_questions(1000, name), start=start, release=release) for name in names
    ]
    standin = StandIn(sites, start=start, limits=limits, faults=faults)
    settings = made_up_settings(sites=tuple(names), **options)
    return Simulation(engine, clock, standin, settings, seed=1)


def test_a_quota_that_is_all_but_planned_out_ends_no_poller(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What new questions leave the changed ones would then be a request in a billion years."""
    left = Quota(maximum=300, remaining=16, seconds_left=575.9999999999994)
    run = world(sqlite_engine, [asked(1, -60)], poll_seconds=300, history_questions=1_000)
    poller = run.poller()
    assert poller.run_once() == []
    monkeypatch.setattr(RateLimit, "quota", lambda _: left)
    assert 1e9 < poller.quota_plan().changed_seconds < math.inf
    assert poller._next() > 0


@pytest.mark.slow
def test_three_sites_without_a_key_last_the_day(sqlite_engine: Engine) -> None:
    run = several_sites(sqlite_engine, 3, limits=Limits(), api_key=None, history_questions=20_000)
    last: dict[str, datetime] = {}
    poller = run.poller()
    poller.on_step = lambda site, name, _: (
        last.update({site: run.clock.now()}) if name == "live" else None
    )
    poller.run(for_hours(run.clock, 24))
    assert run.standin.observer.violations == []
    assert 200 < run.standin.observer.requests <= 300
    assert all(run.clock.now() - seen < timedelta(hours=1) for seen in last.values())


@pytest.mark.slow
def test_history_is_fetched_beside_the_live_feed_and_ends(sqlite_engine: Engine) -> None:
    run = several_sites(sqlite_engine, 1, limits=Limits(), history_questions=300)
    run.poller().run(for_hours(run.clock, 2))
    with sqlite_engine.connect() as connection:
        fetched = connection.execute(
            select(FeedRow.fetched).where(FeedRow.feed == "history")
        ).scalar_one()
        stored = connection.execute(select(func.count(Question.id))).scalar_one()
        wanted = connection.execute(select(func.count(TaggingRequest.question_pk))).scalar_one()
    assert 300 <= fetched < 400
    assert wanted < stored


def test_a_restart_loop_polls_no_faster(sqlite_engine: Engine) -> None:
    run = simulation(sqlite_engine, seed=1, questions=100, days=1)
    for _ in range(50):
        poller = run.poller()
        for _ in range(5):
            run.clock.sleep(max(0.1, min(poller._next(), 2)))
    assert run.standin.observer.requests <= 6
    assert run.standin.observer.violations == []


@pytest.mark.slow
def test_failures_are_retried_with_growing_pauses_and_shown(
    sqlite_engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    faults = Faults(script=(Failure.RESET,) * 100)
    run = simulation(sqlite_engine, seed=1, questions=100, days=1, faults=faults)
    with caplog.at_level(logging.WARNING):
        run.poller().run(for_hours(run.clock, 4))
    assert 20 < run.standin.observer.requests < 80
    assert "no connection to" in caplog.text
    assert "TAGGER_API_URL" in caplog.text
    with sqlite_engine.connect() as connection:
        row = connection.execute(select(FeedRow).where(FeedRow.feed == "live")).one()
    assert row.failures > 5
    assert "no connection" in row.last_error
    assert row.last_success is None


@pytest.mark.slow
def test_the_key_is_neither_stored_nor_logged(
    sqlite_engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    run = simulation(sqlite_engine, seed=1, questions=500, days=1, faults=Preset.ALL.faults(1))
    with caplog.at_level(logging.DEBUG, "poller"):
        run.poller().run(for_hours(run.clock, 24))
    assert run.settings.api_key is not None
    key = run.settings.api_key.get_secret_value()
    raw = sqlite_engine.raw_connection()
    dump = "\n".join(raw.iterdump())
    raw.close()
    assert len(dump) > 10_000
    for text in (dump, caplog.text):
        assert key not in text
        assert "key%28%28" not in text


def test_an_unreachable_broker_is_one_line_and_loses_nothing(
    sqlite_engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise BrokerUnreachable("The broker redis://127.0.0.1:1/0 cannot be reached.")

    run = simulation(sqlite_engine, seed=1, questions=2000, days=1)
    run.clock.sleep(HOUR)
    poller = run.poller()
    poller.enqueue = refuse
    assert poller.run_once() == []
    assert caplog.text.count("The broker") == 1
    assert len(run.stored()) > 50


def test_what_a_page_requested_is_enqueued_though_it_contradicts_the_one_before(
    sqlite_engine: Engine,
) -> None:
    run = simulation(sqlite_engine, seed=1, questions=100, days=1)
    poller = run.poller()
    stored: list[int] = []

    class Feed:
        name: FeedName = "live"

        def step(self, *_: object) -> Step:
            stored.append(len(stored))
            return Step(Cursor(1), requested=(stored[-1],), items=frozenset({"1"}))

    poller.feeds = {"live": Feed()}
    enqueued: list[int] = []
    poller.enqueue = lambda _, pks: enqueued.extend(pks)
    while poller._step((run.settings.sites[0], "live")) is None:
        pass
    assert enqueued == stored
    assert len(stored) > 1


def test_the_loop_waits_for_a_database_that_is_away(sqlite_engine: Engine) -> None:
    run = simulation(sqlite_engine, seed=1, questions=500, days=1)
    run.clock.sleep(HOUR)
    poller = run.poller()
    with sqlite_engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE feeds RENAME TO hidden")
    begun = run.clock.now()

    def bring_back_later() -> bool:
        return run.clock.now() - begun > timedelta(seconds=20)

    class Returning(ManualClock):
        def sleep(self, seconds: float) -> None:
            run.clock.sleep(seconds)
            if run.clock.now() - begun > timedelta(seconds=10):
                with sqlite_engine.begin() as connection:
                    names = connection.exec_driver_sql("SELECT name FROM sqlite_master").scalars()
                    if "hidden" in set(names):
                        connection.exec_driver_sql("ALTER TABLE hidden RENAME TO feeds")

        def now(self) -> datetime:
            return run.clock.now()

        def monotonic(self) -> float:
            return run.clock.monotonic()

    poller.clock = Returning()
    poller.run(bring_back_later)
    assert len(run.stored()) > 10


@pytest.mark.slow
def test_run_once_reads_everything_new_and_tells_what_it_could_not(sqlite_engine: Engine) -> None:
    run = simulation(sqlite_engine, seed=1, questions=3000, days=1)
    run.clock.sleep(3 * HOUR)
    new = run.visible_now()  # one more may be shown after the last request
    assert run.poller().run_once() == []
    assert {row.question_id for row in run.stored()} >= new
    run.standin.faults = Faults(script=(Failure.HTML,) * 1000)
    run.clock.sleep(HOUR)
    assert "live: /questions/unanswered" in run.poller().run_once()[0]


@pytest.mark.parametrize("is_new", [True, False])
def test_run_once_tells_once_that_all_sites_are_throttled(
    sqlite_engine: Engine, is_new: bool
) -> None:
    faults = Faults(script=(Failure.THROTTLE,))
    run = several_sites(sqlite_engine, 3, limits=Limits(), faults=faults)
    if not is_new:
        run.poller().run_once()
    (told,) = run.poller().run_once()
    assert told.startswith("site0, live: ")
    assert "thrott" in told


@pytest.mark.slow
def test_two_processes_on_one_database_keep_the_rules_together(sqlite_engine: Engine) -> None:
    run = simulation(
        sqlite_engine, seed=3, questions=1000, days=1, faults=Faults(backoff=0.5), poll_seconds=60
    )
    one, other = run.poller(), run.poller()
    for _ in range(60):
        one.run(for_hours(run.clock, 40 / HOUR))
        other.run(for_hours(run.clock, 40 / HOUR))
    assert run.standin.observer.violations == []
    assert len(run.stored()) > 50


@pytest.mark.chaos
@pytest.mark.slow(60)
def test_over_real_http_nothing_is_missed_and_no_rule_broken(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A minute of real time, four hours of the site's: sockets, resets and a silent answer."""
    clock = FastClock(speed=240)
    monkeypatch.setattr("poller.client.READ_SECONDS", 10)  # which a silent answer takes
    failures: dict[Failure, float] = dict.fromkeys(Failure, 0.01)
    del failures[Failure.SILENT]  # one of these is enough
    faults = Faults(
        seed=5,
        script=(None, None, Failure.SILENT),
        failures=failures,
        backoff=0.1,
        plain_errors=0.5,
        vanishing=0.05,
        broken_items=0.002,
    )
    run = simulation(
        sqlite_engine,
        seed=5,
        questions=3000,
        days=4 / 24,
        clock=clock,
        faults=faults,
        burst_every=HOUR,
        kill_share=0.001,
        poll_seconds=120,
        changed_seconds=600,
    )
    with StandInServer(run.standin, clock=lambda: clock.now().timestamp()) as server:
        run.settings = run.settings.model_copy(update={"api_url": f"{server.url}/2.3"})
        run.run(days=4 / 24, sample_hours=0.5)
    assert run.standin.observer.violations == []
    assert run.kills > 1
    expected = run.expected()
    assert len(expected) > 1500
    assert {n for n in expected if run.readable(n)} <= {row.question_id for row in run.stored()}
