"""What a feed leaves in the database: its high-water mark, its failures, what it skipped."""

import logging
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from core.database.api_tables import SkippedItem
from poller.feed_state import (
    KEPT_UNIDENTIFIED,
    MAX_TRIES,
    FeedState,
    failed,
    feed_state,
    feed_states,
    forget_skipped,
    record_items,
    skipped_to_retry,
    succeeded,
)
from poller.items import Items, UnreadableItem
from tests.conftest import ManualClock
from tests.rows import question

HOUR = timedelta(hours=1)


def state(engine: Engine, feed: str = "live", site: str = "stats") -> FeedState:
    with engine.connect() as connection:
        return feed_state(connection, site, feed)


def skip(
    engine: Engine, clock: ManualClock, *items: UnreadableItem, read: tuple[int, ...] = ()
) -> None:
    found = Items(tuple(map(question, read)), items)
    with engine.begin() as connection:
        record_items(connection, "stats", "live", found, now=clock.now())


def skipped(engine: Engine) -> list[tuple[str, int]]:
    rows = select(SkippedItem.item, SkippedItem.times).order_by(SkippedItem.item)
    with engine.connect() as connection:
        return [(item, times) for item, times in connection.execute(rows)]


def test_a_feed_that_never_ran_has_a_state_too(engine: Engine) -> None:
    assert state(engine) == FeedState()
    with engine.connect() as connection:
        assert feed_states(connection, "stats") == {}


def test_a_success_moves_the_mark_counts_what_came_and_ends_the_failures(
    engine: Engine, clock: ManualClock
) -> None:
    first, now = clock.now() - HOUR, clock.now()
    with engine.begin() as connection:
        succeeded(connection, "stats", "live", now=now, mark=first, fetched=3)
        failed(connection, "stats", "live", now=now, error="no answer", retry_at=now + HOUR)
        failed(connection, "stats", "live", now=now, error="no answer", retry_at=now + 2 * HOUR)
    broken = state(engine)
    assert (broken.mark, broken.failures, broken.retry_at) == (first, 2, now + 2 * HOUR)
    with engine.begin() as connection:
        succeeded(connection, "stats", "live", now=now, mark=now, fetched=4)
    assert state(engine) == FeedState(
        mark=now, fetched=7, attempted_at=now, last_error="no answer", last_error_at=now
    )


def test_a_success_that_names_no_mark_leaves_it(engine: Engine, clock: ManualClock) -> None:
    now = clock.now()
    with engine.begin() as connection:
        succeeded(connection, "stats", "refresh", now=now, mark=now)
        succeeded(connection, "stats", "refresh", now=now + HOUR)
    assert state(engine, "refresh").mark == now


def test_feeds_and_sites_have_states_of_their_own(engine: Engine, clock: ManualClock) -> None:
    now = clock.now()
    with engine.begin() as connection:
        succeeded(connection, "stats", "live", now=now, mark=now)
        succeeded(connection, "stats", "history", now=now, complete=True)
    assert state(engine, "history") == FeedState(complete=True, attempted_at=now)
    assert state(engine, "live").complete is False
    assert state(engine, "live", "cooking") == FeedState()


def test_a_skipped_item_is_logged_once_counted_each_time_and_forgotten_once_it_is_read(
    engine: Engine, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    untitled = UnreadableItem("7", 7, "no title")
    with caplog.at_level(logging.WARNING):
        skip(engine, clock, untitled, UnreadableItem("0af3", None, "it is of type list"))
        skip(engine, clock, untitled)
    assert skipped(engine) == [("0af3", 1), ("7", 2)]
    assert [record.getMessage() for record in caplog.records] == [
        "stats, live: skipped question 7: no title",
        "stats, live: skipped an item without a number: it is of type list",
    ]
    skip(engine, clock, read=(7,))
    assert skipped(engine) == [("0af3", 1)]


def test_a_skipped_question_is_asked_for_again_after_a_while_and_not_for_ever(
    engine: Engine, clock: ManualClock
) -> None:
    def due() -> dict[int, str]:
        with engine.connect() as connection:
            return skipped_to_retry(connection, "stats", before=clock.now() - HOUR, now=clock.now())

    for _ in range(MAX_TRIES - 1):
        skip(engine, clock, UnreadableItem("7", 7, "no title"))
        assert due() == {}  # it was seen just now
        clock.sleep(2 * HOUR.total_seconds())
        assert due() == {7: "live"}
    skip(engine, clock, UnreadableItem("7", 7, "no title"))
    clock.sleep(2 * HOUR.total_seconds())
    assert due() == {}


def test_an_item_without_a_number_is_forgotten_when_it_was_not_met_for_long(
    engine: Engine, clock: ManualClock
) -> None:
    again = UnreadableItem("again", None, "it is of type list")
    skip(
        engine, clock, UnreadableItem("7", 7, "no title"), UnreadableItem("once", None, "x"), again
    )
    clock.sleep(KEPT_UNIDENTIFIED.total_seconds())
    skip(engine, clock, again)
    assert skipped(engine) == [("7", 1), ("again", 2), ("once", 1)]
    clock.sleep(1)
    skip(engine, clock, read=(8,))
    assert skipped(engine) == [("7", 1), ("again", 2)]


def test_questions_that_are_gone_are_forgotten(engine: Engine, clock: ManualClock) -> None:
    skip(engine, clock, *(UnreadableItem(str(number), number, "no title") for number in (7, 8)))
    with engine.begin() as connection:
        forget_skipped(connection, "stats", [7])
        forget_skipped(connection, "stats", [])
        forget_skipped(connection, "cooking", [8])
    assert skipped(engine) == [("8", 1)]
