"""The feeds against a stand-in that behaves, except where a test says otherwise."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, insert, select, update

from core.database.tables import FeedRow, Question, Review, Table
from core.feeds import FeedName
from demo.standin.api import StandIn
from demo.standin.faults import Faults, ItemFault
from demo.standin.site import (
    Change,
    Site,
    answered,
    closed,
    deleted,
    edited,
    migrated,
    retagged,
    unanswered_again,
    voted,
)
from demo.standin.site import Question as SiteQuestion
from poller.feeds import Cursor, Step
from poller.service import Poller
from tests.conftest import ManualClock
from tests.poller.simulation import SITE, Simulation, made_up_settings

NOW = datetime(2026, 1, 1, tzinfo=UTC)
START = int(NOW.timestamp())
HOUR = 3600


def asked(number: int, at: int, *, seen: int | None = None, **fields: Any) -> SiteQuestion:
    """A question of a moment, in seconds after the start."""
    return SiteQuestion(
        question_id=number,
        title=f"Question {number}",
        body=f"<p>Text {number}</p>",
        tags=("regression",),
        link=f"https://stats.stackexchange.com/questions/{number}",
        creation_date=START + at,
        visible_from=START + (at if seen is None else seen),
        last_activity_date=START + at,
        **fields,
    )


def world(
    engine: Engine,
    questions: Sequence[SiteQuestion],
    *changes: Change,
    faults: Faults | None = None,
    **options: Any,
) -> Simulation:
    site = Site(SITE, questions, changes)
    standin = StandIn([site], start=START, faults=faults)
    return Simulation(engine, ManualClock(NOW), standin, made_up_settings(**options), seed=1)


def read(poller: Poller, name: FeedName) -> list[Step]:
    """One pass of a feed, its pauses sat out."""
    steps: list[Step] = []
    poller.on_step = lambda _site, _name, step: steps.append(step)
    assert poller._pass(SITE, name) is None
    return steps


def numbers(run: Simulation) -> list[int]:
    return sorted(row.question_id for row in run.stored())


def row(engine: Engine, number: int) -> Any:
    with engine.connect() as connection:
        return connection.execute(
            select(
                Question.id,
                Question.title,
                Question.author_tags,
                Question.state,
                Question.state_at,
            ).where(Question.question_id == number)
        ).one()


def mark(engine: Engine, name: FeedName) -> int:
    """The mark in seconds after the start."""
    with engine.connect() as connection:
        found = connection.execute(select(FeedRow.mark).where(FeedRow.feed == name)).scalar_one()
    assert found is not None
    return int(found.timestamp()) - START


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


def test_several_pages_are_read_from_date_to_date(sqlite_engine: Engine) -> None:
    run = world(sqlite_engine, [asked(number, -1000 + number) for number in range(1, 251)])
    steps = read(run.poller(), "live")
    assert len(numbers(run)) == 250
    assert [step.new for step in steps] == [100, 99, 51]
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


def test_history_reads_backwards_answered_ones_too_and_asks_for_no_tagging(
    engine: Engine,
) -> None:
    questions = [asked(n, -n * HOUR, is_answered=n % 2 == 0) for n in range(1, 251)]
    run = world(engine, questions, history_questions=10_000)
    read(run.poller(), "history")
    assert numbers(run) == list(range(1, 251))
    assert run.queue.tasks == []
    assert (row(engine, 1).state, row(engine, 2).state) == ("open", "answered")
    assert mark(engine, "history") == -250 * HOUR
    with engine.connect() as connection:
        state = connection.execute(select(FeedRow.fetched, FeedRow.complete)).one()
    assert tuple(state) == (250, True)


def test_history_goes_on_where_a_killed_process_stopped(sqlite_engine: Engine) -> None:
    run = world(sqlite_engine, [asked(n, -n * 60) for n in range(1, 301)], history_questions=10_000)
    run.poller().feeds["history"].step(SITE, None)
    run.clock.sleep(300)
    read(run.poller(), "history")
    assert numbers(run) == list(range(1, 301))
    assert run.standin.observer.requests == 4


def test_history_passes_hundreds_in_one_second(sqlite_engine: Engine) -> None:
    questions = [asked(n, -5000) for n in range(1, 321)] + [asked(999, -9000)]
    run = world(sqlite_engine, questions, history_questions=10_000)
    read(run.poller(), "history")
    assert len(numbers(run)) == 321


def test_refresh_marks_what_has_become_of_questions(engine: Engine) -> None:
    run = world(
        engine,
        [asked(number, -100) for number in range(1, 7)],
        answered(START + HOUR, 1),
        closed(START + HOUR, 2),
        migrated(START + HOUR, 3, "stackoverflow", 77),
        deleted(START + HOUR, 4),
        edited(START + HOUR, 5, body="<p>Another text</p>"),
    )
    poller = run.poller()
    read(poller, "live")
    run.queue.tasks.clear()
    run.clock.sleep(25 * HOUR)
    read(poller, "refresh")
    states = {number: row(engine, number).state for number in range(1, 7)}
    assert states == {
        1: "answered",
        2: "closed",
        3: "migrated",
        4: "deleted",
        5: "open",
        6: "open",
    }
    assert row(engine, 4).title == "Question 4"
    assert row(engine, 4).state_at == run.clock.now()
    assert list(run.queue.keys()) == [row(engine, 5).id]


def test_refresh_asks_for_nothing_that_is_young_or_reviewed(sqlite_engine: Engine) -> None:
    run = world(sqlite_engine, [asked(1, -100)])
    poller = run.poller()
    read(poller, "live")
    before = run.standin.observer.requests
    assert [step.asked for step in read(poller, "refresh")] == [False]
    run.clock.sleep(25 * HOUR)
    with sqlite_engine.begin() as connection:
        key = connection.execute(select(Question.id)).scalar_one()
        review = {"question_pk": key, "reviewer": "me", "at": NOW}
        connection.execute(insert(Review).values(review))
    assert [step.asked for step in read(poller, "refresh")] == [False]
    assert run.standin.observer.requests == before


def test_a_deleted_question_that_returns_is_open_again(sqlite_engine: Engine) -> None:
    run = world(sqlite_engine, [asked(1, -100)])
    poller = run.poller()
    read(poller, "live")
    with sqlite_engine.begin() as connection:
        connection.execute(update(Question).values(state="deleted", state_at=run.clock.now()))
    run.clock.sleep(25 * HOUR)
    read(poller, "refresh")
    assert row(sqlite_engine, 1).state == "open"


def test_an_answer_with_an_item_without_number_marks_nothing_as_deleted(
    sqlite_engine: Engine,
) -> None:
    run = world(sqlite_engine, [asked(1, -100), asked(2, -100)])
    poller = run.poller()
    read(poller, "live")
    run.standin.faults = Faults(broken_questions=1.0, item_faults=(ItemFault.NOT_AN_OBJECT,))
    run.clock.sleep(25 * HOUR)
    read(poller, "refresh")
    assert {row.state for row in run.stored()} == {"open"}


def test_a_question_that_cannot_be_read_is_recorded_before_the_mark_passes_it(
    engine: Engine,
) -> None:
    faults = Faults(broken_questions=1.0, item_faults=(ItemFault.NO_TITLE,))
    run = world(engine, [asked(7, -100)], faults=faults)
    read(run.poller(), "live")
    assert mark(engine, "live") == -100
    assert [tuple(row) for row in run.skipped()] == [(7, "no title")]
    assert numbers(run) == []


def test_a_skipped_question_is_asked_for_again_and_tagged_after_all(engine: Engine) -> None:
    faults = Faults(broken_questions=1.0, item_faults=(ItemFault.TITLE_NULL,))
    run = world(engine, [asked(7, -100)], faults=faults)
    poller = run.poller()
    read(poller, "live")
    run.standin.faults = Faults()
    run.clock.sleep(2 * HOUR)
    read(poller, "refresh")
    assert numbers(run) == [7]
    assert run.skipped() == []
    assert list(run.queue.keys()) == [row(engine, 7).id]


def test_a_question_that_stays_unreadable_is_asked_for_a_few_times_only(
    sqlite_engine: Engine,
) -> None:
    faults = Faults(broken_questions=1.0, item_faults=(ItemFault.NO_TAGS,))
    run = world(sqlite_engine, [asked(7, -100)], faults=faults)
    poller = run.poller()
    read(poller, "live")
    before = run.standin.observer.requests
    for _ in range(20):
        run.clock.sleep(2 * HOUR)
        read(poller, "refresh")
    assert run.standin.observer.requests - before == 4


def test_a_site_of_nothing_but_unreadable_items_is_read_to_its_end(sqlite_engine: Engine) -> None:
    faults = Faults(broken_questions=1.0, item_faults=(ItemFault.NO_CREATION_DATE,))
    run = world(sqlite_engine, [asked(number, -number) for number in range(1, 301)], faults=faults)
    read(run.poller(), "live")
    assert len(run.skipped()) == 300


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    delays=st.lists(
        st.tuples(st.integers(0, 3 * HOUR), st.integers(0, 90)), min_size=1, max_size=60
    ),
    burst=st.integers(0, 230),
    poll=st.integers(600, HOUR),
    seed=st.integers(0, 1000),
)
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


def test_pages_of_one_second_overlap() -> None:
    cursor, read_up_to = Cursor(5), 0
    for _ in range(24):
        begin = cursor.page_size * (cursor.page - 1)
        assert begin <= max(0, read_up_to - 4)
        read_up_to = begin + cursor.page_size
        cursor = cursor.after(5, cursor.page_size, onward=1)
    assert read_up_to > 1700
    assert cursor.after(5, 90, onward=1) == Cursor(6)


def test_a_pass_is_not_held_up_by_dates_that_cannot_be_read() -> None:
    assert Cursor(5).after(None, 100, onward=1) == Cursor(5, 100, 2)
    assert Cursor(5).after(9, 100, onward=1) == Cursor(9)
    assert Cursor(5).after(3, 100, onward=-1) == Cursor(3)
