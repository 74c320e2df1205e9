"""Paging: pages are what a plain filter and sort would give, and a moving list can be followed."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
import requests
from hypothesis import example, given, settings
from hypothesis import strategies as st

from demo.standin.adapter import StandInAdapter
from demo.standin.api import StandIn
from demo.standin.faults import Faults
from demo.standin.limits import Limits
from demo.standin.query import Query, select
from demo.standin.site import Change, Listing, Question, Site, Sort, answered, deleted
from demo.standin.timeline import Life, Release, site_of
from tests.demo.standin.questions import fetched

START = 1_700_000_000
OVERLAP = 120

small = st.integers(0, 20)
bounds = st.none() | small


@st.composite
def sites(draw: st.DrawFn) -> Site:
    """A site of up to thirty questions in twenty seconds, with answers and removals."""
    questions, changes = [], list[Change]()
    for number in range(1, draw(st.integers(0, 30)) + 1):
        asked = draw(small)
        questions.append(
            Question(
                question_id=number,
                title="title",
                body="body",
                tags=(),
                link="https://stats.stackexchange.com/questions/1",
                creation_date=asked,
                visible_from=asked + draw(small),
                last_activity_date=asked,
                score=draw(small),
            )
        )
        if draw(st.booleans()):
            changes.append(answered(draw(small), number, good=draw(st.booleans())))
        if draw(st.integers(0, 4)) == 0:
            changes.append(deleted(draw(small), number))
    site = Site("stats", questions, changes)
    site.advance(draw(st.integers(0, 50)))
    return site


def expected(site: Site, listing: Listing, query: Query) -> list[int]:
    """All ids that a query names, by the plainest means."""

    def inside(value: int, low: int | None, high: int | None) -> bool:
        return (low is None or low <= value) and (high is None or value <= high)

    found = [
        question
        for question in site.questions.values()
        if listing in question.listings()
        and inside(question.sort_key(query.sort)[0], query.minimum, query.maximum)
        and inside(question.creation_date, query.fromdate, query.todate)
    ]
    found.sort(key=lambda one: one.sort_key(query.sort), reverse=query.descending)
    return [one.question_id for one in found]


queries = st.builds(
    Query,
    sort=st.sampled_from(Sort),
    descending=st.booleans(),
    minimum=bounds,
    maximum=bounds,
    fromdate=bounds,
    todate=bounds,
    pagesize=st.integers(1, 12),
)


@given(site=sites(), listing=st.sampled_from(Listing), query=queries)
@settings(deadline=None)
def test_the_pages_together_are_the_filtered_and_sorted_list(
    site: Site, listing: Listing, query: Query
) -> None:
    ids = list[int]()
    for number in count(1):
        page = select(site, listing, replace(query, page=number))
        assert len(page.questions) <= query.pagesize
        ids += [question.question_id for question in page.questions]
        if not page.has_more:
            break
    assert ids == expected(site, listing, query)


class Follower:
    """A client that follows a listing, ascending by creation date, over the adapter."""

    def __init__(self, standin: StandIn, overlap: int) -> None:
        self.standin = standin
        self.overlap = overlap
        self.now = float(START)
        self.mark = START
        self.seen = set[int]()
        self.session = requests.Session()
        self.session.mount("http://", StandInAdapter(standin, lambda: self.now))

    def poll(self) -> None:
        since, begun = self.mark - self.overlap, int(self.now)
        while True:
            items, more = self.whole_second(since)
            self.seen |= {item["question_id"] for item in items}
            if items:  # reading pages again takes a minute, in which late ones appear behind it
                self.mark = max(self.mark, min(begun, items[-1]["creation_date"]))
            if not more:
                return
            since = items[-1]["creation_date"]

    def whole_second(self, since: int) -> tuple[list[dict[str, Any]], bool]:
        """One page, or all pages of a second that does not fit on one."""
        items, page, more = list[dict[str, Any]](), 1, True
        while more and (not items or items[-1]["creation_date"] == since):
            wrapper = self.get(since, page)
            items += wrapper["items"]
            page, more = page + 1, wrapper["has_more"]
        if page > 2:
            self.reread(since, page - 2)
        return items, more

    def reread(self, since: int, last: int) -> None:
        """Pages again, backwards: what a removal moved up meanwhile is then still ahead."""
        self.now += 61  # the same request may come once a minute
        for page in range(last, 0, -1):
            self.seen |= {item["question_id"] for item in self.get(since, page)["items"]}

    def get(self, since: int, page: int) -> Any:
        self.now += 0.1
        params: dict[str, str | int] = {
            "site": "stats",
            "sort": "creation",
            "order": "asc",
            "fromdate": since,
            "pagesize": 20,
            "page": page,
        }
        url = "http://stand-in/2.3/questions/unanswered"
        return self.session.get(url, params=params, timeout=5).json()


def follow(*, seed: int, overlap: int, release: Release, life: Life, faults: Faults) -> Follower:
    """Follow a site for four hours, with a poll every five minutes."""
    questions = [fetched(number) for number in range(1, 500)]
    site = site_of("stats", questions, start=START, release=release, life=life, seed=seed)
    standin = StandIn(
        [site],
        start=START,
        faults=faults,
        limits=Limits(quota_without_key=10_000),
    )
    follower = Follower(standin, overlap)
    while follower.now < START + 4 * 3600:
        follower.now += 300
        follower.poll()
    follower.now += 300  # what was asked last becomes visible
    follower.poll()
    return follower


@given(
    seed=st.integers(0, 10_000),
    per_minute=st.floats(0.5, 3),
    burst_size=st.integers(0, 60),
    deleted=st.floats(0, 0.3),
    vanishing=st.floats(0, 0.5),
)
@pytest.mark.slow
@example(seed=1627, per_minute=2.400390625, burst_size=35, deleted=0.0, vanishing=0.0)
@settings(max_examples=15, deadline=None)
def test_following_ascending_with_overlap_sees_every_visible_question(
    seed: int, per_minute: float, burst_size: int, deleted: float, vanishing: float
) -> None:
    release = Release(
        history_share=0, per_minute=per_minute, burst_every=3000, burst_size=burst_size
    )
    follower = follow(
        seed=seed,
        overlap=OVERLAP,
        release=release,
        life=Life(within=600, deleted=deleted),
        faults=Faults(seed=seed, vanishing=vanishing),
    )
    shown = follower.standin.sites["stats"].ids(Listing.UNANSWERED)
    assert shown
    assert set(shown) <= follower.seen
    assert follower.standin.observer.violations == []


def test_following_without_overlap_misses_questions_that_appear_late() -> None:
    release = Release(history_share=0, per_minute=2)
    follower = follow(seed=1, overlap=0, release=release, life=Life(), faults=Faults())
    missed = set(follower.standin.sites["stats"].ids(Listing.UNANSWERED)) - follower.seen
    assert missed


def test_a_question_that_vanishes_between_pages_moves_the_pages_behind_it_up() -> None:
    questions = [fetched(number) for number in range(1, 61)]
    site = site_of("stats", questions, start=START, release=Release(history_share=1))
    standin = StandIn([site], start=START, faults=Faults(vanishing=1.0))
    first, second = _two_pages(standin)
    standin.advance(START + 100)  # nothing vanishes from the last page: none is behind it
    assert len(site.ids(Listing.QUESTIONS)) == 59
    assert second[0] == first[-1] + 2  # the question between them moved onto the first page


def _two_pages(standin: StandIn) -> Iterator[list[int]]:
    session = requests.Session()
    session.mount("http://", StandInAdapter(standin, _ticking()))
    for page in (1, 2):
        url = f"http://x/2.3/questions?site=stats&sort=creation&order=asc&page={page}"
        answer = json.loads(session.get(url, timeout=1).content)
        yield [item["question_id"] for item in answer["items"]]


def _ticking() -> Callable[[], float]:
    seconds = iter(range(START, START + 100))
    return lambda: float(next(seconds))
