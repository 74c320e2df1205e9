"""An API that contradicts itself is not asked faster than one that does not."""

import json
import random
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from sqlalchemy import Engine, func, select

from core.database.api_tables import FeedRow
from core.database.tables import Question
from core.errors import ApiContradiction
from poller.build import make_poller
from poller.feeds import Cursor, Step
from poller.feeds.passes import Progress
from poller.service import Poller
from tests.conftest import ManualClock
from tests.poller.simulation import API, made_up_settings

Item = dict[str, Any]


class Mad(requests.adapters.BaseAdapter):
    """Answers every request with what a function makes of its parameters and of how many came."""

    def __init__(self, answer: Callable[[dict[str, str], int], Any]) -> None:
        super().__init__()
        self.answer = answer
        self.asked: list[dict[str, str]] = []

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        query = parse_qs(urlsplit(str(request.url)).query)
        self.asked.append({name: values[0] for name, values in query.items()})
        answer = self.answer(self.asked[-1], len(self.asked))
        response = requests.Response()
        response.status_code = 200
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        response.raw = _Raw(body)
        return response

    def close(self) -> None:
        pass


class _Raw:
    def __init__(self, body: bytes) -> None:
        self.body = body

    def read(self, *_: Any, **__: Any) -> bytes:
        body, self.body = self.body, b""
        return body

    def release_conn(self) -> None:
        pass

    def close(self) -> None:
        pass


def item(number: int, at: float) -> Item:
    return {
        "question_id": number,
        "title": "Why?",
        "body": "<p>How?</p>",
        "tags": ["regression"],
        "creation_date": int(at),
        "last_activity_date": int(at),
    }


def made(engine: Engine, mad: Mad, clock: ManualClock, **options: Any) -> Poller:
    session = requests.Session()
    session.mount(API, mad)
    settings = made_up_settings(api_key=None, **options)
    poller = make_poller(settings, engine, session=session, clock=clock, chance=random.Random(1))
    return replace(poller, enqueue=lambda *_: None)


def wrapper(items: list[Any], number: int, **fields: Any) -> dict[str, Any]:
    left = {"quota_max": 300, "quota_remaining": max(0, 300 - number)}
    return {"items": items, "has_more": True, **left, **fields}


NOW = ManualClock().now().timestamp()
SAME = [item(number, NOW - 60) for number in (1, 2, 3)]


def growing(_: dict[str, str], number: int) -> dict[str, Any]:
    """Something new for ever, each a second later."""
    return wrapper([item(number, NOW - 80_000 + number)], number)


MAD: dict[str, Callable[[dict[str, str], int], Any]] = {
    "empty pages for ever": lambda _, n: wrapper([], n),
    "the same items for ever": lambda asked, n: wrapper(SAME[: int(asked["pagesize"])], n),
    "more items than asked for": lambda _, n: wrapper(SAME, n),
    "the same unreadable items": lambda _, n: wrapper([None, {"title": 1}, "x"], n),
    "items without a date": lambda _, n: wrapper([{"question_id": 5}], n),
    "the oldest first": lambda _, n: wrapper([item(n, NOW - 90_000 - n)], n),
    "something new for ever": growing,
    "a quota of nothing": lambda _, n: wrapper(SAME, n, quota_max=0, quota_remaining=10**30),
    "a negative quota": lambda _, n: wrapper(SAME, n, quota_max=-300, quota_remaining=-1),
    "a page of thousands": lambda _, n: wrapper([1] * 5_000, n),
    "a page in HTML": lambda *_: b"<html>We are down</html>",
    "an error in a good answer": lambda _, n: wrapper([], n, error_id=500, error_message="x"),
    "a backoff of years": lambda _, n: wrapper(SAME, n, backoff=10**12),
    "a backoff in words": lambda _, n: wrapper([], n, backoff="soon"),
    "no list": lambda _, n: wrapper([], n) | {"items": {"a": 1}},
    "null": lambda *_: b"null",
}


@pytest.mark.parametrize("kind", MAD)
def test_no_answer_however_wrong_makes_the_poller_ask_faster(
    sqlite_engine: Engine, clock: ManualClock, kind: str
) -> None:
    mad = Mad(MAD[kind])
    poller = made(sqlite_engine, mad, clock, history_questions=0)
    ends = clock.now() + timedelta(minutes=20)
    poller.run(lambda: clock.now() >= ends)
    # The plan of a poller without a key, of three feeds, and the pages that a pass reads at once.
    assert len(mad.asked) <= 30
    assert all(1 <= int(asked.get("pagesize", 30)) <= 100 for asked in mad.asked)


@pytest.mark.parametrize("kind", MAD)
def test_a_single_pass_ends_too(sqlite_engine: Engine, clock: ManualClock, kind: str) -> None:
    mad = Mad(MAD[kind])
    poller = made(sqlite_engine, mad, clock)
    assert poller.run_once()
    assert len(mad.asked) <= 22


LISTS = ("live", "changed", "synonyms")  # what is read of a site that has no question yet


@pytest.mark.parametrize("kind", ["empty pages for ever", "the same items for ever"])
def test_what_is_wrong_is_said_and_what_was_read_is_kept(
    sqlite_engine: Engine, clock: ManualClock, kind: str
) -> None:
    poller = made(sqlite_engine, Mad(MAD[kind]), clock)
    told = poller.run_once()
    assert [problem.partition(": ")[0] for problem in told] == [f"stats, {feed}" for feed in LISTS]
    assert all(re.search("says? that there is more", problem) for problem in told)
    with sqlite_engine.connect() as connection:
        stored = connection.scalar(select(func.count()).select_from(Question))
        row = connection.execute(select(FeedRow).where(FeedRow.feed == "live")).one()
    assert stored == (3 if kind.startswith("the same") else 0)
    assert row.retry_at >= clock.now() + timedelta(minutes=14)


@pytest.mark.parametrize(
    ("kind", "asked"),
    [("empty pages for ever", ["stats", "cooking", "robotics"]), ("a page in HTML", ["stats"])],
)
def test_a_single_pass_goes_on_with_other_feeds_and_sites_where_the_api_answers(
    sqlite_engine: Engine, clock: ManualClock, kind: str, asked: list[str]
) -> None:
    mad = Mad(MAD[kind])
    poller = made(sqlite_engine, mad, clock, sites=("stats", "cooking", "robotics"))
    feeds = LISTS if len(asked) > 1 else ("live",)
    told = [problem.partition(": ")[0] for problem in poller.run_once()]
    assert told == [f"{site}, {feed}" for site in asked for feed in feeds]
    assert list(dict.fromkeys(sent["site"] for sent in mad.asked)) == asked


def test_pages_that_bring_something_go_on() -> None:
    progress = Progress()
    for page in range(30):
        progress.note(Step(Cursor(7), items=frozenset({str(page), str(page + 1)})))
    progress.note(Step(None, items=frozenset()))  # the last one may be empty


def test_one_page_that_brings_nothing_new_is_no_end() -> None:
    progress, same = Progress(), Step(Cursor(8), items=frozenset({"1"}))
    progress.note(Step(Cursor(7), items=frozenset({"1"})))
    progress.note(same)
    progress.note(Step(Cursor(9), items=frozenset({"1", "2"})))
    progress.note(same)
    with pytest.raises(ApiContradiction, match="nothing new"):
        progress.note(same)


def test_a_clock_that_was_set_back_silences_no_feed(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    mad = Mad(lambda _, n: wrapper([], n, has_more=False))
    poller = made(sqlite_engine, mad, clock, history_questions=0)
    poller._step(("stats", "live"))
    clock.time -= timedelta(hours=1)
    asked, ends = len(mad.asked), clock.now() + timedelta(minutes=5)
    poller.run(lambda: clock.now() >= ends)
    assert "fromdate" in {name for asked in mad.asked[asked:] for name in asked}


def test_a_pause_in_memory_does_not_outlive_the_clock_that_was_ahead(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    mad = Mad(lambda _, n: wrapper([], n, has_more=False, backoff=20))
    poller = made(sqlite_engine, mad, clock, history_questions=0)
    clock.time += timedelta(hours=10)
    for _ in range(5):  # all feeds come to wait for their pauses
        clock.sleep(poller._next())
    clock.time -= timedelta(hours=10)
    asked = len(mad.asked)
    ends = clock.monotonic() + 120
    poller.run(lambda: clock.monotonic() >= ends)
    assert len(mad.asked) > asked
