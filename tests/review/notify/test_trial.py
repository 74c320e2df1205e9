import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest
from sqlalchemy import Engine

from core.errors import ReviewConflict, UnknownWebhook
from review.notify.delivery import Outcome, sign
from review.notify.trial import MOST_AT_ONCE, send_test
from review.notify.webhooks import set_enabled
from tests.conftest import ManualClock
from tests.review.notify.receiver import add, outbox, receiver
from tests.review.rows import predict_rows
from tests.rows import question, store_questions


def test_a_test_event_is_signed_and_holds_a_question(engine: Engine, clock: ManualClock) -> None:
    predict_rows(engine, {1: {"anova": 0.9}, 2: {"r": 0.8}}, now=clock.now())
    with receiver() as state:
        number, secret = add(engine, clock, f"{state.address}/hook")
        with engine.begin() as connection:
            set_enabled(connection, number, enabled=False, now=clock.now())
        assert send_test(engine, clock, number).error is None
        (got,) = state.received
        state.answer = 500
        assert send_test(engine, clock, number).error == "answered 500"
    told = json.loads(got.body)
    assert (told["event"], told["id"]) == ("test", got.id)
    assert told["question"]["question_id"] == 2
    timestamp = got.headers["X-Tagger-Timestamp"]
    assert got.headers["X-Tagger-Signature"] == sign(secret, timestamp, got.body)
    assert outbox(engine) == []  # it is sent once, whatever comes of it


def test_of_a_site_without_predictions_it_holds_the_newest_question(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    store_questions(sqlite_engine, question(7), now=clock.now())
    with receiver() as state:
        number, _ = add(sqlite_engine, clock, state.address)
        assert send_test(sqlite_engine, clock, number).error is None
        assert state.questions == [7]


def test_few_are_sent_at_once_since_each_holds_a_thread_of_the_page(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    predict_rows(sqlite_engine, {1: {"anova": 0.9}}, now=clock.now())
    number, _ = add(sqlite_engine, clock, "http://127.0.0.1:1/")
    waiting, answered = Barrier(MOST_AT_ONCE + 1), Event()

    def hang(*_: object) -> Outcome:
        waiting.wait(30)
        answered.wait(30)
        return Outcome(None, answered=True)

    with ThreadPoolExecutor(MOST_AT_ONCE) as threads:
        trials = [
            threads.submit(send_test, sqlite_engine, clock, number, send=hang)
            for _ in range(MOST_AT_ONCE)
        ]
        waiting.wait(30)
        with pytest.raises(ReviewConflict, match="try again"):
            send_test(sqlite_engine, clock, number, send=hang)
        answered.set()
        assert [one.result().error for one in trials] == [None] * MOST_AT_ONCE
    assert send_test(sqlite_engine, clock, number).error  # there is room again


def test_a_webhook_that_is_not_there_is_sent_nothing(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    with pytest.raises(UnknownWebhook, match="no webhook 3"):
        send_test(sqlite_engine, clock, 3)
