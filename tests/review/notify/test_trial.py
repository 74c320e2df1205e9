import json

import pytest
from sqlalchemy import Engine

from core.errors import UnknownWebhook
from review.notify.delivery import sign
from review.notify.trial import send_test
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


def test_a_webhook_that_is_not_there_is_sent_nothing(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    with pytest.raises(UnknownWebhook, match="no webhook 3"):
        send_test(sqlite_engine, clock, 3)
