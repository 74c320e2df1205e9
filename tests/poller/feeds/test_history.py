"""Past questions, against a stand-in."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, delete, select, update

from core.database.api_tables import FeedRow
from core.database.tables import Question
from core.errors import ApiContradiction, DatabaseUnreachable
from poller.api import Api
from poller.client import ApiAnswer, ApiRequest
from tests.poller.feeds.feed_world import (
    HOUR,
    START,
    asked,
    mark,
    misdate,
    numbers,
    read,
    row,
    world,
)
from tests.poller.simulation import SITE


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


def test_history_goes_on_where_another_process_has_come_to(sqlite_engine: Engine) -> None:
    """`tagger history` beside a poller, which has the page in mind that it was at."""
    questions = [asked(n, -n * 60) for n in range(1, 701)]
    run = world(sqlite_engine, questions, history_questions=10_000)
    poller, command = run.poller(), run.poller()
    poller._step((SITE, "history"))
    for _ in range(5):
        run.clock.sleep(15)
        command._step((SITE, "history"))
    poller._step((SITE, "history"))
    assert mark(sqlite_engine, "history") == -687 * 60
    assert run.standin.observer.requests == 7
    with sqlite_engine.connect() as connection:
        assert connection.scalar(select(FeedRow.fetched)) == 687


@pytest.mark.parametrize("is_asking", [False, True])
def test_history_reads_again_what_an_older_backup_lacks(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch, is_asking: bool
) -> None:
    run = world(sqlite_engine, [asked(n, -n * 60) for n in range(1, 401)], history_questions=10_000)
    poller, ask = run.poller(), Api.ask
    poller._step((SITE, "history"))
    with sqlite_engine.connect() as connection:
        old = connection.execute(select(FeedRow.mark, FeedRow.fetched)).one()
    run.clock.sleep(3)
    poller._step((SITE, "history"))

    def restore(api: Api | None = None, request: ApiRequest | None = None) -> Any:
        monkeypatch.setattr(Api, "ask", ask)
        with sqlite_engine.begin() as connection:
            connection.execute(update(FeedRow).values(mark=old.mark, fetched=old.fetched))
            connection.execute(delete(Question).where(Question.question_id > 100))
        return None if api is None or request is None else ask(api, request)

    if is_asking:
        monkeypatch.setattr(Api, "ask", restore)
        run.clock.sleep(3)
        with pytest.raises(DatabaseUnreachable, match="stats, history: the mark was moved"):
            poller._step((SITE, "history"))
    else:
        restore()
    run.clock.sleep(70)
    read(poller, "history")
    assert numbers(run) == list(range(1, 401))


@pytest.mark.parametrize("number", [1, 50, 99, 100, 198])  # on the page, or the last one of it
@pytest.mark.parametrize("date", [1, START - 205 * HOUR, START - HOUR // 2])
def test_an_item_of_a_wrong_date_carries_the_history_past_no_question(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch, number: int, date: int
) -> None:
    misdate(monkeypatch, {number: date})
    run = world(
        sqlite_engine, [asked(n, -n * HOUR) for n in range(1, 251)], history_questions=10_000
    )
    read(run.poller(), "history")
    assert numbers(run) == list(range(1, 251))
    assert mark(sqlite_engine, "history") == -250 * HOUR
    assert run.standin.observer.requests <= 4
    with sqlite_engine.connect() as connection:
        assert 100 < (connection.scalar(select(FeedRow.fetched)) or 0) <= 250


@pytest.mark.parametrize("date", [1, START - 205 * HOUR])
@pytest.mark.parametrize("others", [{}, {98: START - HOUR // 2}, dict.fromkeys(range(60, 99), 1)])
def test_wrong_dates_at_a_pages_end_neither_end_nor_tear_the_history(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch, date: int, others: dict[int, int]
) -> None:
    misdate(monkeypatch, {**others, 99: date, 100: date})
    run = world(
        sqlite_engine, [asked(n, -n * HOUR) for n in range(1, 251)], history_questions=10_000
    )
    for _ in range(2):
        read(run.poller(), "history")
    assert numbers(run) == list(range(1, 251))
    assert mark(sqlite_engine, "history") == -250 * HOUR
    assert run.standin.observer.requests <= 6


def test_pages_that_never_hold_what_overlaps_do_not_keep_the_history_from_its_end(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    misdate(monkeypatch, dict.fromkeys(range(1, 251), 1) | {n: START - n for n in range(0, 251, 5)})
    run = world(
        sqlite_engine, [asked(n, -n * HOUR) for n in range(1, 251)], history_questions=10_000
    )
    poller = run.poller()
    for _ in range(8):
        poller._pass(SITE, "history")
        run.clock.sleep(HOUR)  # an end that comes too early is believed after half of one
    with sqlite_engine.connect() as connection:
        assert connection.scalar(select(FeedRow.complete))


def test_an_empty_list_is_the_end_only_where_it_stays_empty(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions = [asked(n, -n * HOUR) for n in range(1, 251)]
    run = world(sqlite_engine, questions, history_questions=10_000)
    run.poller().feeds["history"].step(SITE, None)
    ask, empty = Api.ask, 1

    def answer(api: Api, request: ApiRequest) -> ApiAnswer:
        nonlocal empty
        empty -= 1
        answered = ask(api, request)
        return answered if empty < 0 else replace(answered, items=(), has_more=False)

    monkeypatch.setattr(Api, "ask", answer)
    poller = run.poller()  # after a restart, which knows no page before
    run.clock.sleep(300)
    assert isinstance(poller._step((SITE, "history")), ApiContradiction)
    run.clock.sleep(HOUR)
    read(poller, "history")
    assert numbers(run) == list(range(1, 251))
    anew = {"complete": False, "mark": None}
    for failures, believed in ((0, (False, False, True)), (9, (False, True))):
        with sqlite_engine.begin() as connection:  # by an API that was away, which says nothing
            row_of = {"failures": failures, "last_error": "away"}
            connection.execute(update(FeedRow).values(anew | row_of))
        empty = 9
        for expected in believed:
            run.clock.sleep(HOUR)
            assert (poller._step((SITE, "history")) is None) == expected
    with sqlite_engine.connect() as connection:
        assert connection.scalar(select(FeedRow.complete))
