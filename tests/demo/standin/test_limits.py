"""The rules: who breaks one is refused as the API refuses, and written down."""

import gzip
import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.standin.api import StandIn
from demo.standin.faults import Failure, Faults
from demo.standin.limits import DAY, Limits, Rule
from demo.standin.timeline import Release, site_of
from demo.standin.wire import HttpAnswer, HttpRequest
from tests.demo.standin.questions import fetched

START = 1_700_000_000
UNANSWERED = "/2.3/questions/unanswered?site=stats"


class World:
    """A stand-in of two sites, asked at moments counted from its start."""

    def __init__(self, faults: Faults | None = None, limits: Limits | None = None) -> None:
        sites = []
        for name in ("stats", "math"):
            questions = [fetched(number, site=name) for number in range(1, 10)]
            sites.append(site_of(name, questions, start=START, release=Release(history_share=1)))
        self.standin = StandIn(sites, start=START, faults=faults, limits=limits)

    def ask(self, target: str, at: float, address: str = "127.0.0.1") -> HttpAnswer:
        return self.standin.respond(HttpRequest.of(target, address), START + at)

    def json(self, target: str, at: float) -> Any:
        return json.loads(gzip.decompress(self.ask(target, at).body))

    def broken(self) -> dict[Rule, int]:
        return {rule: times for rule, times in self.standin.observer.counts().items() if times}


def test_a_polite_client_breaks_nothing() -> None:
    world = World()
    for number in range(100):
        world.ask(UNANSWERED, 60.0 * number)
    assert world.broken() == {}
    assert world.standin.observer.requests == 100
    assert world.standin.observer.calls == {("stats", "questions/unanswered"): 100}


def test_an_identical_request_within_a_minute_is_counted() -> None:
    world = World()
    world.ask(UNANSWERED, 0)
    world.ask(UNANSWERED, 59)
    world.ask(UNANSWERED, 119)  # sixty seconds after the last one
    assert world.broken() == {Rule.IDENTICAL: 1}
    [violation] = world.standin.observer.violations
    assert (violation.at, violation.site, violation.method) == (
        START + 59,
        "stats",
        "questions/unanswered",
    )
    assert violation.url == UNANSWERED


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("/2.3/questions?site=stats&page=1", "/2.3/questions?site=stats"),
        ("/2.3/questions?site=stats&order=desc", "/2.3/questions?order=desc&site=stats"),
        ("/2.3/questions/1;2?site=stats", "/2.3/questions/2;1?site=stats"),
        ("/2.3/questions?site=stats&key=a", "/2.3/questions?site=stats"),
        ("/2.3/questions?site=stats&page=x", "/2.3/questions?site=stats&page=x"),
    ],
)
def test_requests_that_mean_the_same_are_identical(first: str, second: str) -> None:
    world = World()
    world.ask(first, 0)
    world.ask(second, 1)
    assert world.broken() == {Rule.IDENTICAL: 1}


@pytest.mark.parametrize(
    "other",
    [
        "/2.3/questions?site=math",
        "/2.3/questions?site=stats&page=2",
        "/2.3/questions/unanswered?site=stats",
        "/2.3/questions?site=stats&fromdate=1",
    ],
)
def test_requests_that_mean_something_else_are_not(other: str) -> None:
    world = World()
    world.ask("/2.3/questions?site=stats", 0)
    world.ask(other, 1)
    assert world.broken() == {}


def test_another_address_is_another_client() -> None:
    world = World()
    world.ask(UNANSWERED, 0, "10.0.0.1")
    world.ask(UNANSWERED, 1, "10.0.0.2")
    assert world.broken() == {}


def test_a_request_during_a_backoff_is_refused_and_counted_for_its_site_and_method() -> None:
    world = World(Faults(backoff=1, backoff_seconds=(10, 10)))
    assert world.json(UNANSWERED, 0)["backoff"] == 10
    assert "items" in world.json("/2.3/questions?site=stats", 1)  # another method
    assert "items" in world.json("/2.3/questions/unanswered?site=math", 2)  # another site
    assert world.broken() == {}
    refused = world.json(UNANSWERED + "&page=2", 9)
    assert refused == {
        "error_id": 502,
        "error_message": "Violation of backoff parameter",
        "error_name": "throttle_violation",
    }
    assert world.broken() == {Rule.BACKOFF: 1}
    assert "items" in world.json(UNANSWERED + "&page=2", 70)


def test_a_backoff_ends_exactly_when_it_said_or_later_by_its_slack() -> None:
    exact = World(Faults(backoff=1, backoff_seconds=(10, 10)))
    slack = World(Faults(backoff=1, backoff_seconds=(10, 10)), Limits(backoff_slack=2))
    for world in (exact, slack):
        world.ask(UNANSWERED, 0)
        world.ask(UNANSWERED + "&page=2", 10)
    assert exact.broken() == {}
    assert slack.broken() == {Rule.BACKOFF: 1}


@pytest.mark.parametrize("failure", [Failure.TRUNCATED, Failure.RESET, Failure.SILENT])
def test_a_backoff_is_never_given_in_an_answer_that_does_not_arrive(failure: Failure) -> None:
    world = World(Faults(backoff=1, script=(failure,)))
    world.ask(UNANSWERED, 0)
    world.ask(UNANSWERED + "&page=2", 0.5)
    assert world.broken() == {}


def test_more_than_thirty_requests_a_second_are_cut_off() -> None:
    world = World(Faults(cut_off_seconds=(60, 60)))
    answers = [world.ask(f"{UNANSWERED}&fromdate={number}", 0.01 * number) for number in range(31)]
    assert [answer.status for answer in answers] == [200] * 30 + [429]
    assert b"<html>" in answers[-1].body
    assert world.broken() == {Rule.RATE: 1}
    assert world.ask(f"{UNANSWERED}&fromdate=99", 50).status == 429
    assert world.ask(f"{UNANSWERED}&fromdate=100", 61).status == 200


def test_thirty_requests_a_second_are_fine() -> None:
    world = World()
    for number in range(100):
        assert world.ask(f"{UNANSWERED}&fromdate={number}", number / 30).status == 200
    assert world.broken() == {}


def test_a_request_during_an_announced_throttle_is_counted() -> None:
    world = World(Faults(script=(Failure.THROTTLE,), throttle_seconds=(100, 100)))
    world.ask(UNANSWERED, 0)
    world.ask("/2.3/sites", 50)  # the throttle is the address's, whatever the method
    world.ask("/2.3/sites?page=2", 100)
    assert world.broken() == {Rule.THROTTLE: 1}


def test_a_request_in_a_throttle_that_named_no_end_is_kept_apart() -> None:
    world = World(Faults(script=(Failure.CUT_OFF,), cut_off_seconds=(100, 100)))
    world.ask(UNANSWERED, 0)
    world.ask("/2.3/sites", 50)
    assert world.broken() == {}
    [unannounced] = world.standin.observer.unannounced
    assert unannounced.rule is Rule.THROTTLE


def test_a_request_over_the_quota_is_refused_until_the_next_day() -> None:
    world = World(limits=Limits(quota_without_key=2))
    midnight = DAY - START % DAY
    left = [world.json(f"{UNANSWERED}&page={page}", page)["quota_remaining"] for page in (1, 2)]
    assert left == [1, 0]
    refused = world.json(f"{UNANSWERED}&page=3", 3)
    assert refused["error_name"] == "throttle_violation"
    assert f"available in {midnight - 3 + 1} seconds" in refused["error_message"]
    assert world.broken() == {Rule.QUOTA: 1}
    assert world.json(UNANSWERED, midnight)["quota_remaining"] == 1


def test_a_client_that_was_never_told_its_quota_cannot_know_that_it_is_used_up() -> None:
    world = World(Faults(script=(Failure.RESET,)), Limits(quota_without_key=1))
    world.ask(UNANSWERED, 0)
    world.ask(UNANSWERED, 60)
    assert world.broken() == {}
    world.ask(UNANSWERED, 120)  # it has been told now
    assert world.broken() == {Rule.QUOTA: 1}


def test_what_is_written_down_never_holds_the_key() -> None:
    world = World()
    for at in (0, 1):
        world.ask(f"{UNANSWERED}&key=very-secret", at)
    report = world.ask("/_standin/violations", 2).body.decode()
    assert json.loads(report)["counts"]["identical_request"] == 1
    assert "very-secret" not in report


@given(gaps=st.lists(st.floats(0, 120), max_size=40))
@settings(deadline=None)
def test_identical_requests_are_counted_as_their_gaps_say(gaps: list[float]) -> None:
    world = World()
    moment, moments = 0.0, [0.0]
    world.ask(UNANSWERED, 0)
    for gap in gaps:
        moment += gap
        moments.append(moment)
        world.ask(UNANSWERED, moment)
    absolute = [START + one for one in moments]
    short = sum(later - one < 60 for one, later in pairwise(absolute))
    assert world.standin.observer.counts()[Rule.IDENTICAL] == short
