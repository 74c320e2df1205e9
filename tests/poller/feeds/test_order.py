"""Items of wrong dates among new and changed questions, where one page is not all."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from core.feeds import FeedName
from poller.api import Api
from tests.poller.feeds.feed_world import (
    HOUR,
    NOW,
    START,
    asked,
    mark,
    misdate,
    numbers,
    read,
    world,
)

DATES: dict[FeedName, str] = {"live": "creation_date", "changed": "last_activity_date"}


@pytest.mark.parametrize("name", DATES)
@pytest.mark.parametrize("number", [1, 50, 99, 100, 198])  # on the page, or the last one of it
@pytest.mark.parametrize("date", [1, START - 10 * HOUR, START])
def test_an_item_of_a_wrong_date_carries_a_feed_past_no_question(
    sqlite_engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    name: FeedName,
    number: int,
    date: int,
) -> None:
    """As the date of the last activity where that is newer than the order of the list."""
    misdate(monkeypatch, {number: date}, DATES[name])
    questions = [asked(n, (n - 251) * HOUR) for n in range(1, 251)]
    run = world(sqlite_engine, questions, first_poll_days=30)
    run.clock.sleep(60)
    read(run.poller(), name)
    assert numbers(run) == list(range(1, 251))
    assert mark(sqlite_engine, name) >= -HOUR - 60
    assert run.standin.observer.requests <= 4


@pytest.mark.parametrize("name", DATES)
@pytest.mark.parametrize("date", [START - 10 * HOUR, START])
def test_nor_do_nine_at_the_end_of_a_page(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch, name: FeedName, date: int
) -> None:
    misdate(monkeypatch, {n: date - 100 + n for n in range(92, 101)}, DATES[name])
    questions = [asked(n, (n - 251) * HOUR) for n in range(1, 251)]
    run = world(sqlite_engine, questions, first_poll_days=30)
    run.clock.sleep(60)
    read(run.poller(), name)
    assert numbers(run) == list(range(1, 251))
    assert run.standin.observer.requests <= 4


@pytest.mark.parametrize("name", DATES)
@pytest.mark.parametrize(("alike", "lag"), [(0, timedelta(hours=20)), (99, timedelta(0))])
def test_nor_where_no_date_of_a_page_is_confirmed(
    sqlite_engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    name: FeedName,
    alike: int,
    lag: timedelta,
) -> None:
    """As by a header that lags, or where nearly a whole page shares the second it begins with."""
    misdate(monkeypatch, {50: START}, DATES[name])
    ask = Api.ask
    late = NOW + timedelta(seconds=60) - lag
    monkeypatch.setattr(Api, "ask", lambda *called: replace(ask(*called), sent_at=late))
    questions = [asked(n, (max(n, alike) - 251) * 60) for n in range(1, 251)]
    run = world(sqlite_engine, questions, first_poll_days=30)
    run.clock.sleep(60)
    read(run.poller(), name)
    assert numbers(run) == list(range(1, 251))
    assert run.standin.observer.requests <= 6
