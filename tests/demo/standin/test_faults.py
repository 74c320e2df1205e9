"""Every fault reaches a client as itself, without a socket and with one."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.standin.adapter import StandInAdapter
from demo.standin.api import StandIn
from demo.standin.faults import (
    HUGE_BODY,
    Failure,
    Faults,
    ItemFault,
    Preset,
    Scheduled,
    damage,
)
from demo.standin.items import question_item
from demo.standin.server import StandInServer
from demo.standin.site import Site
from demo.standin.timeline import Release, site_of
from demo.standin.wire import HttpRequest
from tests.demo.standin.questions import fetched

START = 1_700_000_000
TIMEOUT = 0.3
TRANSPORTS = ("adapter", "http")


def made_up_site(questions: int = 50) -> Site:
    records = [fetched(number) for number in range(1, questions + 1)]
    return site_of("stats", records, start=START, release=Release(history_share=1))


@dataclass
class Client:
    """A session, with a clock that moves a second a request."""

    session: requests.Session
    url: str
    now: float = START
    waited: float = 0.0

    def clock(self) -> float:
        self.now += 1
        return self.now

    def wait(self, seconds: float) -> None:
        self.waited += seconds

    def get(self, **params: str | int) -> requests.Response:
        wanted = {"site": "stats", "filter": "withbody", **params}
        return self.session.get(f"{self.url}/2.3/questions", params=wanted, timeout=TIMEOUT)


@contextmanager
def client_of(standin: StandIn, transport: str) -> Iterator[Client]:
    with requests.Session() as session:
        client = Client(session, "http://api.stackexchange.com")
        if transport == "adapter":
            session.mount("http://", StandInAdapter(standin, client.clock, wait=client.wait))
            yield client
            return
        with StandInServer(standin, clock=client.clock) as server:
            client.url = server.url
            yield client


def outcome(client: Client) -> str:
    """What a client gets to see of one request, in a word or two."""
    try:
        answer = client.get()
    except requests.RequestException as error:
        return type(error).__name__
    return f"{answer.status_code} {_kind(answer.content)}"


def _kind(content: bytes) -> str:
    if content.startswith(b"\x1f\x8b"):
        return "gzip"
    try:
        parsed = json.loads(content or b'"nothing"')
    except ValueError:
        return "html" if b"<html>" in content else "garbage"
    if not isinstance(parsed, dict):
        return "no object" if content else "empty"
    if "error_id" in parsed:
        return f"error {parsed['error_id']}"
    return "good" if _is_good(parsed) else "wrong object"


def _is_good(wrapper: dict[str, Any]) -> bool:
    return isinstance(wrapper.get("items"), list) and isinstance(wrapper["has_more"], bool)


SITE = made_up_site()  # nothing in these tests changes it

SEEN_AS = {
    Failure.REFUSED: {"ConnectionError"},
    Failure.RESET: {"ConnectionError"},
    Failure.SILENT: {"ReadTimeout"},
    Failure.EMPTY: {"200 empty"},
    Failure.HTML: {"200 html"},
    Failure.SERVER_ERROR: {"500 html", "502 html", "503 html", "504 html"},
    Failure.WRONG_JSON: {"200 no object", "200 wrong object"},
    Failure.TRUNCATED: {"200 garbage"},
    Failure.INCOMPLETE: {"ChunkedEncodingError"},
    Failure.CORRUPT: {"ContentDecodingError"},
    Failure.NO_ENCODING: {"200 gzip"},
    Failure.PLAIN: {"200 good"},
    Failure.THROTTLE: {"400 error 502", "502 error 502"},
    Failure.CUT_OFF: {"429 html"},
    Failure.INTERNAL: {"400 error 500"},
    Failure.UNAVAILABLE: {"400 error 503", "503 error 503"},
}


@pytest.mark.slow
@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("failure", Failure)
def test_a_failure_comes_out_as_itself_and_the_next_request_is_fine(
    failure: Failure, transport: str
) -> None:
    standin = StandIn([SITE], start=START, faults=Faults(script=(failure,)))
    with client_of(standin, transport) as client:
        assert outcome(client) in SEEN_AS[failure]
        client.now += 1000  # past any throttle
        assert outcome(client) == "200 good"


@pytest.mark.parametrize("failure", Failure)
@given(seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_a_failure_comes_out_as_itself_with_every_seed(failure: Failure, seed: int) -> None:
    standin = StandIn([SITE], start=START, faults=Faults(seed=seed, script=(failure,)))
    with client_of(standin, "adapter") as client:
        assert outcome(client) in SEEN_AS[failure]


@pytest.mark.slow
def test_both_transports_see_the_same_with_every_fault_at_once() -> None:
    seen = []
    for transport in TRANSPORTS:
        faults = Faults(
            seed=3,
            failures=dict.fromkeys(Failure, 0.05),
            throttle_seconds=(1, 3),
            cut_off_seconds=(1, 3),
            plain_errors=0.5,
        )
        standin = StandIn([SITE], start=START, faults=faults)
        with client_of(standin, transport) as client:
            seen.append([outcome(client) for _ in range(60)])
    assert seen[0] == seen[1]
    assert len(set(seen[0])) > 8


def test_a_silent_answer_costs_the_client_its_own_time_out() -> None:
    standin = StandIn([SITE], start=START, faults=Faults(script=(Failure.SILENT,)))
    with client_of(standin, "adapter") as client:
        with pytest.raises(requests.ReadTimeout):
            client.get()
        assert client.waited == TIMEOUT


def test_a_request_without_a_time_out_is_found_out() -> None:
    standin = StandIn([SITE], start=START, faults=Faults(script=(Failure.SILENT,)))
    with client_of(standin, "adapter") as client, pytest.raises(RuntimeError, match="time-out"):
        client.session.get(f"{client.url}/2.3/questions?site=stats")


def test_a_refused_connection_never_reaches_the_api() -> None:
    standin = StandIn([SITE], start=START, faults=Faults(script=(Failure.REFUSED,)))
    with client_of(standin, "adapter") as client:
        outcome(client)
        outcome(client)  # the same request, and yet not identical to one that arrived
    assert standin.observer.requests == 1
    assert standin.observer.violations == []


def test_a_throttle_lasts_as_long_as_it_says() -> None:
    faults = Faults(script=(Failure.THROTTLE,), throttle_seconds=(100, 100))
    standin = StandIn([SITE], start=START, faults=faults)
    with client_of(standin, "adapter") as client:
        answer = client.get().json()
        assert answer["error_message"].endswith("more requests available in 100 seconds")
        client.now = START + 80
        assert "available in 21 seconds" in client.get(page=2).json()["error_message"]
        client.now = START + 101
        assert "items" in client.get(page=3).json()


def test_some_errors_are_not_compressed() -> None:
    standin = StandIn([SITE], start=START, faults=Faults(plain_errors=0.5))
    with client_of(standin, "adapter") as client:
        answers = [client.get(site=f"none{number}") for number in range(20)]
    assert {answer.headers.get("Content-Encoding") for answer in answers} == {None, "gzip"}
    assert {answer.json()["error_id"] for answer in answers} == {400}


def test_a_backoff_comes_on_a_good_answer() -> None:
    faults = Faults(backoff=1, backoff_seconds=(7, 7))
    standin = StandIn([SITE], start=START, faults=faults)
    with client_of(standin, "adapter") as client:
        answer = client.get().json()
    assert answer["backoff"] == 7
    assert answer["items"]


def test_a_schedule_holds_between_its_moments_for_its_method() -> None:
    entry = Scheduled(Failure.RESET, start=10, end=20, method="questions/unanswered")
    faults = Faults(schedule=(entry,))
    assert faults.failure(0, 9.9, "questions/unanswered") is None
    assert faults.failure(1, 10, "questions/unanswered") is Failure.RESET
    assert faults.failure(2, 10, "questions") is None
    assert faults.failure(3, 20, "questions/unanswered") is None


@given(seed=st.integers(), share=st.floats(0.01, 1 / len(Failure)))
@settings(deadline=None)
def test_chance_gives_each_failure_its_share_and_repeats_itself(seed: int, share: float) -> None:
    faults = Faults(seed=seed, failures=dict.fromkeys(Failure, share))
    met = [faults.failure(number, 0, "questions") for number in range(400)]
    assert met == [faults.failure(number, 0, "questions") for number in range(400)]
    expected = 400 * share * len(Failure)
    assert abs(sum(failure is not None for failure in met) - expected) < 70


@pytest.mark.parametrize("fault", ItemFault)
def test_an_item_fault_damages_one_item_as_it_says(fault: ItemFault) -> None:
    site = made_up_site()
    site.advance(START)
    question = site.questions[5]
    item = question_item(question, site, Faults().rng, with_body=True)
    damaged = damage(item, fault, question)
    assert damaged != item
    if fault is ItemFault.NOT_AN_OBJECT:
        assert damaged == 5
        return
    assert isinstance(damaged, dict)
    changed = {name for name in item if damaged.get(name) != item[name]}
    assert len(changed) == 1


def test_a_broken_question_is_broken_in_every_answer_and_the_others_in_none() -> None:
    faults = Faults(seed=1, broken_questions=0.2, item_faults=(ItemFault.TITLE_NULL,))
    standin = StandIn([SITE], start=START, faults=faults)
    with client_of(standin, "adapter") as client:
        for page in (1, 2, 3, 4, 5):
            for item in client.get(page=page, pagesize=10).json()["items"]:
                broken = faults.broken("stats", item["question_id"]) is not None
                assert (item["title"] is None) == broken


def test_items_broken_once_are_fine_the_next_time() -> None:
    faults = Faults(seed=1, broken_items=0.3, item_faults=(ItemFault.NO_TITLE,))
    standin = StandIn([SITE], start=START, faults=faults)
    with client_of(standin, "adapter") as client:
        without = []
        for _ in range(6):
            client.now += 100
            items = client.get(pagesize=50).json()["items"]
            without.append({item["question_id"] for item in items if "title" not in item})
    assert all(without)
    assert not set.intersection(*without)


def test_a_body_can_be_huge() -> None:
    faults = Faults(broken_questions=1, item_faults=(ItemFault.HUGE_BODY,))
    standin = StandIn([made_up_site(1)], start=START, faults=faults)
    with client_of(standin, "http") as client:
        [item] = client.get().json()["items"]
    assert item["body"] == HUGE_BODY
    assert len(HUGE_BODY) > 1_000_000


def test_a_share_outside_0_to_1_is_refused() -> None:
    with pytest.raises(ValueError, match="backoff: a share lies between 0 and 1"):
        Faults(backoff=1.5)
    with pytest.raises(ValueError, match="failures together"):
        Faults(failures={Failure.RESET: 0.6, Failure.HTML: 0.6})


def test_the_presets_get_worse() -> None:
    requests_met = [
        sum(preset.faults(1).failure(number, 0, "questions") is not None for number in range(1000))
        for preset in (Preset.NONE, Preset.SOME, Preset.ALL)
    ]
    assert requests_met[0] == 0
    assert requests_met[0] < requests_met[1] < requests_met[2]


def test_the_same_requests_get_the_same_bytes() -> None:
    def answers() -> list[bytes]:
        standin = StandIn([SITE], start=START, faults=Preset.ALL.faults(4))
        targets = [f"/2.3/questions?site=stats&page={page}" for page in range(1, 25)]
        return [
            standin.respond(HttpRequest.of(target), START + 2.0 * number).body
            for number, target in enumerate(targets)
        ]

    assert answers() == answers()
