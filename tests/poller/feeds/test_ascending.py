"""New and changed questions, against a stand-in."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, update

from core.database.api_tables import FeedRow
from core.database.tables import Table
from core.errors import DatabaseUnreachable
from core.feeds import FeedName
from core.questions.store import Stored, store
from demo.standin.faults import Faults, ItemFault
from demo.standin.site import (
    Migration,
    deleted,
    edited,
    retagged,
    unanswered_again,
    voted,
)
from poller.api import Api
from poller.feeds import Cursor
from tests.poller.feeds.feed_world import HOUR, NOW, START, asked, mark, numbers, read, row, world
from tests.poller.simulation import SITE


def test_the_first_poll_begins_a_day_back(engine: Engine) -> None:
    run = world(engine, [asked(1, -30 * HOUR), asked(2, -20 * HOUR), asked(3, -60)])
    read(run.poller(), "live")
    assert numbers(run) == [2, 3]
    assert mark(engine, "live") == -60


def test_a_site_without_new_questions_keeps_its_beginning(sqlite_engine: Engine) -> None:
    run = world(sqlite_engine, [asked(1, 100)])
    read(run.poller(), "live")
    run.clock.sleep(200)
    read(run.poller(), "live")
    assert numbers(run) == [1]


def test_a_question_that_appears_late_is_seen_by_the_next_poll(sqlite_engine: Engine) -> None:
    run = world(sqlite_engine, [asked(1, 10, seen=100), asked(2, 50)])
    poller = run.poller()
    run.clock.sleep(60)
    read(poller, "live")
    assert numbers(run) == [2]
    run.clock.sleep(60)
    read(poller, "live")
    assert numbers(run) == [1, 2]


def test_a_question_that_appears_late_during_a_long_pass_is_seen_by_the_next(
    sqlite_engine: Engine,
) -> None:
    """The pass pauses between its pages while questions go on arriving."""
    questions = [asked(number, -90 + number // 2) for number in range(1, 106)]
    late = asked(999, -60, seen=20)  # the first page, read at 0, ends at -40
    run = world(sqlite_engine, [*questions, late, asked(1000, 100)])
    poller = run.poller()
    first = poller.feeds["live"].step(SITE, None)
    run.clock.sleep(150)
    assert poller.feeds["live"].step(SITE, first.following).following is None
    assert 1000 in numbers(run)
    assert 999 not in numbers(run)
    read(poller, "live")
    assert 999 in numbers(run)


def test_a_clock_that_is_set_back_during_a_pass_moves_the_mark_past_nothing(
    sqlite_engine: Engine,
) -> None:
    questions = [asked(number, -1000 + number) for number in range(1, 151)]
    run = world(sqlite_engine, [*questions, asked(999, 300)])
    poller = run.poller()
    first = poller.feeds["live"].step(SITE, None)
    run.clock.sleep(-3600)
    poller.feeds["live"].step(SITE, first.following)
    assert mark(sqlite_engine, "live") == -850
    run.clock.sleep(7200)
    read(poller, "live")
    assert 999 in numbers(run)


def test_several_pages_are_read_from_date_to_date(sqlite_engine: Engine) -> None:
    run = world(sqlite_engine, [asked(number, -1000 + number) for number in range(1, 251)])
    steps = read(run.poller(), "live")
    assert len(numbers(run)) == 250
    assert [step.new for step in steps] == [100, 90, 60]
    assert all(step.following is None or step.following.page == 1 for step in steps)


def test_hundreds_in_one_second_are_read_page_by_page(sqlite_engine: Engine) -> None:
    questions = [asked(number, -500) for number in range(1, 451)] + [asked(999, -400)]
    run = world(sqlite_engine, questions)
    read(run.poller(), "live")
    assert len(numbers(run)) == 451


def test_questions_that_vanish_between_pages_of_one_second_hide_no_other(
    sqlite_engine: Engine,
) -> None:
    run = world(
        sqlite_engine,
        [asked(number, -500) for number in range(1, 451)],
        *(deleted(START + 1, number) for number in (3, 50, 99)),
    )
    poller = run.poller()
    first = poller.feeds["live"].step(SITE, None)
    run.clock.sleep(5)
    second = poller.feeds["live"].step(SITE, first.following)
    poller._passes[SITE, "live"] = second.following or Cursor(0)
    read(poller, "live")
    assert len(numbers(run)) == 450  # those that vanished had been read before


def test_the_mark_ignores_a_date_in_the_future(sqlite_engine: Engine) -> None:
    run = world(sqlite_engine, [asked(1, -50), asked(2, 400 * 24 * HOUR, seen=0)])
    read(run.poller(), "live")
    assert numbers(run) == [1, 2]
    assert mark(sqlite_engine, "live") == -50


def test_a_date_ahead_of_the_answers_own_moves_the_mark_past_no_question(
    sqlite_engine: Engine,
) -> None:
    ahead = asked(2, 20 * HOUR, seen=0)
    run = world(sqlite_engine, [asked(1, -50), ahead, asked(3, HOUR), asked(4, 2 * HOUR)])
    poller = run.poller()
    for seen in ([1, 2], [1, 2, 3], [1, 2, 3, 4]):
        read(poller, "live")
        assert numbers(run) == seen
        run.clock.sleep(HOUR)
    assert mark(sqlite_engine, "live") == 2 * HOUR


@pytest.mark.parametrize("name", ["live", "changed"])
@pytest.mark.parametrize(("lag", "reached"), [(5, -5), (20, -24), (49, 0)])  # hours
def test_a_header_date_that_lags_keeps_no_pass_from_its_end(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch, name: FeedName, lag: int, reached: int
) -> None:
    _send_at(monkeypatch, NOW - timedelta(hours=lag))
    run = world(sqlite_engine, [asked(n, -20 * HOUR + 200 * n) for n in range(1, 360)])
    feed = run.poller().feeds[name]
    step = feed.step(SITE, None)
    for _ in range(4):
        if step.following is not None:
            assert step.following.page == 1  # from date to date, not in one place
            step = feed.step(SITE, step.following)
    assert step.following is None
    assert len(numbers(run)) == 359
    assert mark(sqlite_engine, name) == pytest.approx(reached * HOUR, abs=400)


def test_a_header_date_that_stands_still_holds_the_mark_for_a_day_at_most(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    _send_at(monkeypatch, NOW)
    run = world(sqlite_engine, [asked(n, n * HOUR) for n in range(1, 31)])
    poller = run.poller()
    for hours in (2, 20, 30):
        run.clock.sleep(NOW.timestamp() + hours * HOUR - run.clock.now().timestamp())
        read(poller, "live")
        assert len(numbers(run)) == hours
    assert mark(sqlite_engine, "live") == 30 * HOUR


def _send_at(monkeypatch: pytest.MonkeyPatch, at: datetime) -> None:
    """Have each answer say that it was sent at this moment."""
    ask = Api.ask
    monkeypatch.setattr(Api, "ask", lambda api, request: replace(ask(api, request), sent_at=at))


def test_new_questions_are_enqueued_once_by_their_keys(engine: Engine) -> None:
    run = world(engine, [asked(number, -100) for number in range(1, 121)])
    poller = run.poller()
    read(poller, "live")
    run.clock.sleep(61)
    read(poller, "live")
    assert sorted(run.queue.keys()) == sorted(row.id for row in run.stored())
    assert set(run.queue.keys().values()) == {1}
    assert max(len(keys) for _, keys in run.queue.tasks) <= 100


def test_an_edit_and_a_retag_are_seen_and_only_the_edit_asks_for_tagging(engine: Engine) -> None:
    run = world(
        engine,
        [asked(1, -100), asked(2, -100), asked(3, -100)],
        edited(START + 500, 1, title="Another title"),
        retagged(START + 500, 2, ["anova"]),
        voted(START + 500, 3, 7),
    )
    poller = run.poller()
    read(poller, "live")
    run.queue.tasks.clear()
    run.clock.sleep(600)
    read(poller, "changed")
    assert row(engine, 1).title == "Another title"
    assert row(engine, 2).author_tags == ["anova"]
    assert list(run.queue.keys()) == [row(engine, 1).id]


def test_an_old_question_that_is_unanswered_again_is_stored(sqlite_engine: Engine) -> None:
    old = asked(1, -1000 * HOUR, is_answered=True, answer_count=1)
    run = world(sqlite_engine, [old], unanswered_again(START + 500, 1))
    poller = run.poller()
    read(poller, "changed")
    assert numbers(run) == []
    run.clock.sleep(600)
    read(poller, "changed")
    assert numbers(run) == [1]


def test_a_question_that_has_moved_to_another_site_is_stored_and_not_tagged(
    sqlite_engine: Engine,
) -> None:
    run = world(
        sqlite_engine, [asked(7, -100), asked(8, -90, migrated_to=Migration("meta", 5, START))]
    )
    read(run.poller(), "live")
    assert numbers(run) == [7, 8]
    assert row(sqlite_engine, 8).state == "migrated"
    assert list(run.queue.keys()) == [row(sqlite_engine, 7).id]


def test_a_question_that_cannot_be_read_is_recorded_before_the_mark_passes_it(
    engine: Engine,
) -> None:
    faults = Faults(broken_questions=1.0, item_faults=(ItemFault.NO_TITLE,))
    run = world(engine, [asked(7, -100)], faults=faults)
    read(run.poller(), "live")
    assert mark(engine, "live") == -100
    assert [tuple(row) for row in run.skipped()] == [(7, "no title")]
    assert numbers(run) == []


@pytest.mark.slow
def test_a_site_of_nothing_but_unreadable_items_is_read_to_its_end(sqlite_engine: Engine) -> None:
    faults = Faults(broken_questions=1.0, item_faults=(ItemFault.NO_CREATION_DATE,))
    run = world(sqlite_engine, [asked(number, -number) for number in range(1, 301)], faults=faults)
    read(run.poller(), "live")
    assert len(run.skipped()) == 300


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    delays=st.lists(
        st.tuples(st.integers(0, 3 * HOUR), st.integers(0, 90)), min_size=1, max_size=40
    ),
    burst=st.integers(0, 130),
    poll=st.integers(600, HOUR),
    seed=st.integers(0, 1000),
)
@pytest.mark.slow
def test_whatever_is_asked_when_and_seen_how_late_is_read(
    sqlite_engine: Engine,
    delays: list[tuple[int, int]],
    burst: int,
    poll: int,
    seed: int,
) -> None:
    with sqlite_engine.begin() as connection:
        for table in reversed(Table.metadata.sorted_tables):
            connection.execute(delete(table))
    questions = [asked(n, at, seen=at + late) for n, (at, late) in enumerate(delays, start=1)]
    questions += [asked(1000 + n, 2 * HOUR, seen=2 * HOUR + n % 90) for n in range(burst)]
    run = world(sqlite_engine, questions, faults=Faults(seed=seed, backoff=0.2), poll_seconds=poll)
    run.run(days=0.25)
    assert numbers(run) == sorted(question.question_id for question in questions)
    assert run.standin.observer.violations == []


def test_a_mark_that_only_a_clock_far_ahead_can_have_set_is_none(sqlite_engine: Engine) -> None:
    run = world(sqlite_engine, [asked(1, -60), asked(2, 300)])
    read(run.poller(), "live")
    ahead = run.clock.now() + timedelta(days=3650)
    with sqlite_engine.begin() as connection:
        connection.execute(update(FeedRow).values(mark=ahead, attempted_at=ahead))
    run.clock.sleep(600)
    read(run.poller(), "live")
    assert numbers(run) == [1, 2]
    assert mark(sqlite_engine, "live") == 300


def test_an_answer_that_the_database_did_not_take_is_asked_for_anew_at_once(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though the mark has moved within the minute by as much as a request may begin earlier."""
    run = world(sqlite_engine, [asked(1, -100), *(asked(9 + at, at) for at in range(60))])
    poller = run.poller()
    for _ in range(8):
        assert poller._step((SITE, "live")) is None
        run.clock.sleep(5)
    outages = iter([True, True, False])

    def store_when_back(*arguments: Any, **options: Any) -> Stored:
        if next(outages):
            raise DatabaseUnreachable("server closed the connection")
        return store(*arguments, **options)

    monkeypatch.setattr("poller.feeds.ascending.store", store_when_back)
    for _ in range(2):
        run.clock.sleep(1)
        with pytest.raises(DatabaseUnreachable):
            poller._step((SITE, "live"))
    run.clock.sleep(1)
    assert poller._step((SITE, "live")) is None
    assert numbers(run) == [1, *range(9, 55)]
    assert run.standin.observer.violations == []
