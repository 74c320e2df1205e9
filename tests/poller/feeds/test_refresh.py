"""What has become of stored questions, against a stand-in."""

from dataclasses import replace
from typing import cast

import pytest
from sqlalchemy import Engine, insert, select, update

from core.database.review_tables import Review
from core.database.tables import Question
from core.questions.gone import mark_deleted
from demo.standin.faults import Faults, ItemFault
from demo.standin.site import (
    answered,
    closed,
    deleted,
    edited,
    migrated,
)
from poller.client import ApiAnswer, ApiRequest, Client
from tests.poller.feeds.feed_world import HOUR, NOW, START, asked, numbers, read, row, world
from tests.poller.simulation import SITE
from tests.rows import find_request


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


def test_a_deleted_question_that_returns_untagged_is_requested_again(
    sqlite_engine: Engine,
) -> None:
    run = world(sqlite_engine, [asked(1, -100)])
    poller = run.poller()
    read(poller, "live")
    with sqlite_engine.begin() as connection:
        mark_deleted(connection, site=SITE, question_ids=[1], now=run.clock.now())
    assert find_request(sqlite_engine, 1) is None
    run.clock.sleep(25 * HOUR)
    (step,) = read(poller, "refresh")
    assert step.requested == (row(sqlite_engine, 1).id,)


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


def test_an_answer_that_none_of_many_questions_is_there_is_not_believed(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = world(sqlite_engine, [asked(number, -100) for number in range(1, 21)])
    poller = run.poller()
    read(poller, "live")
    run.clock.sleep(25 * HOUR)
    monkeypatch.setattr(Client, "fetch", lambda *_: ApiAnswer(items=(), has_more=False))
    problem = poller._pass(SITE, "refresh")
    assert "of 20 stored questions the API gives none" in str(problem)
    assert {row.state for row in run.stored()} == {"open"}


def test_questions_that_nobody_asked_for_are_not_stored(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = world(sqlite_engine, [asked(1, -100)])
    poller = run.poller()
    read(poller, "live")
    run.clock.sleep(25 * HOUR)
    fetch = Client.fetch

    def answered(client: Client, request: ApiRequest) -> ApiAnswer:
        answer = fetch(client, request)
        other = dict(cast("dict[str, object]", answer.items[0])) | {"question_id": 2}
        return replace(answer, items=(*answer.items, other))

    monkeypatch.setattr(Client, "fetch", answered)
    read(poller, "refresh")
    assert numbers(run) == [1]


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
