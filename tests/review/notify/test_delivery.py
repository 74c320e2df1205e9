import hashlib
import hmac
import threading
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from itertools import pairwise

import pytest
from sqlalchemy import Engine

from review.notify.delivery import (
    LEASE,
    LIMITS,
    LONGEST_PAUSE,
    MOST_REFUSALS,
    Delivery,
    Event,
    Outcome,
    lease,
    pause_after,
    send,
    sign,
)
from review.notify.outbox import fill_outbox
from review.notify.post import Limits
from review.notify.webhooks import retry_failed
from tests.conftest import ManualClock, free_port
from tests.review.notify.receiver import Receiver, add, outbox, receiver
from tests.review.rows import predict_rows

BRIEF = Limits(1.0, 0.3, 0.6)  # for who waits in vain


@pytest.fixture
def there() -> Iterator[Receiver]:
    """A receiver that listens, and confirms unless a test says otherwise."""
    with receiver() as state:
        yield state


def fill(engine: Engine, clock: ManualClock, url: str, questions: int = 1) -> str:
    """Have so many events wait for a webhook; return its secret."""
    predict_rows(engine, {99: {"anova": 0.9}}, now=clock.now())
    clock.sleep(1)
    _, secret = add(engine, clock, url)
    predict_rows(engine, {n: {"anova": 0.9} for n in range(1, questions + 1)}, now=clock.now())
    assert fill_outbox(engine, now=clock.now()) == questions
    return secret


def delivery(engine: Engine, clock: ManualClock, limits: Limits = LIMITS) -> Delivery:
    return Delivery(engine, clock, send=partial(send, limits=limits))


def test_pauses_double_up_to_six_hours() -> None:
    seconds = [pause_after(attempts).total_seconds() for attempts in (1, 2, 3, 10, 11, 5_000)]
    assert seconds == [30, 60, 120, 15_360, 21_600, 21_600]


def test_a_request_carries_id_moment_and_a_signature_that_verifies(
    engine: Engine, clock: ManualClock, there: Receiver
) -> None:
    secret = fill(engine, clock, f"{there.address}/hook?a=1")
    assert delivery(engine, clock).deliver() == 1
    assert delivery(engine, clock).deliver() == 0
    (came,) = there.received
    assert came.path == "/hook?a=1"
    assert came.question == 1
    timestamp = came.headers["X-Tagger-Timestamp"]
    assert int(timestamp) == int(clock.now().timestamp())
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + came.body, hashlib.sha256)
    assert came.headers["X-Tagger-Signature"] == f"sha256={digest.hexdigest()}"
    assert sign("other", timestamp, came.body) != came.headers["X-Tagger-Signature"]
    (row,) = outbox(engine)
    assert row.payload["id"] == came.id
    assert row.delivered_at == clock.now()


@pytest.mark.slow
@pytest.mark.parametrize("trouble", [500, 302, "close", "hang", "drip"])
def test_a_failing_receiver_is_tried_again_with_growing_pauses(
    sqlite_engine: Engine, clock: ManualClock, there: Receiver, trouble: int | str
) -> None:
    secret = fill(sqlite_engine, clock, f"{there.address}/?token=abc")
    there.answer, there.location = trouble, f"{there.address}/elsewhere"
    is_slow = trouble in ("hang", "drip")
    sender, tries = delivery(sqlite_engine, clock, BRIEF if is_slow else LIMITS), []
    for _ in range(100):
        if sender.deliver():
            tries.append(clock.now())
        clock.sleep(10)
    pauses = [(b - a).total_seconds() for a, b in pairwise(tries)]
    assert pauses == [30, 60, 120, 240, 480]
    (row,) = outbox(sqlite_engine)
    assert row.attempts == 6
    assert row.error
    assert "abc" not in row.error
    assert secret not in row.error
    assert "\n" not in row.error
    there.answer = 200
    clock.sleep(6 * 3600)
    sender.send = partial(send, limits=LIMITS)
    assert sender.deliver() == 1
    assert {one.id for one in there.received} == {row.payload["id"]}
    assert {one.path for one in there.received} == {"/?token=abc"}
    assert outbox(sqlite_engine)[0].delivered_at is not None


def test_one_event_that_is_refused_keeps_no_other(
    sqlite_engine: Engine, clock: ManualClock, there: Receiver
) -> None:
    fill(sqlite_engine, clock, there.address, questions=3)
    there.answer = 500
    sender = delivery(sqlite_engine, clock)
    assert sender.deliver() == 3
    there.answer = 200
    clock.sleep(30)
    assert sender.deliver() == 3
    assert all(row.delivered_at for row in outbox(sqlite_engine))


def try_often(sender: Delivery, clock: ManualClock, times: int) -> None:
    for _ in range(times):
        sender.deliver()
        clock.sleep(LONGEST_PAUSE.total_seconds())


def test_an_event_that_is_refused_too_often_fails_and_those_behind_it_go_on(
    engine: Engine, clock: ManualClock, there: Receiver
) -> None:
    fill(engine, clock, there.address)
    there.answer = 503
    sender = delivery(engine, clock)
    try_often(sender, clock, MOST_REFUSALS + 3)
    assert len(there.received) == MOST_REFUSALS
    assert [row.failed_at is not None for row in outbox(engine)] == [True]
    there.answer = 200
    predict_rows(engine, {2: {"anova": 0.9}}, now=clock.now())
    fill_outbox(engine, now=clock.now())
    try_often(sender, clock, 2)
    assert there.questions[MOST_REFUSALS:] == [2]
    number = outbox(engine)[0].webhook_id
    with engine.begin() as connection:
        assert retry_failed(connection, number, now=clock.now()) == 1
    sender.deliver()
    assert there.questions[MOST_REFUSALS:] == [2, 1]
    assert all(row.delivered_at and row.failed_at is None for row in outbox(engine))


def test_an_event_that_is_sent_again_by_hand_may_be_refused_as_often_as_a_new_one(
    sqlite_engine: Engine, clock: ManualClock, there: Receiver
) -> None:
    fill(sqlite_engine, clock, there.address)
    there.answer = 503
    sender = delivery(sqlite_engine, clock)
    try_often(sender, clock, MOST_REFUSALS)
    number = outbox(sqlite_engine)[0].webhook_id
    with sqlite_engine.begin() as connection:
        retry_failed(connection, number, now=clock.now())
    try_often(sender, clock, MOST_REFUSALS - 1)
    assert outbox(sqlite_engine)[0].failed_at is None
    try_often(sender, clock, 1)
    assert outbox(sqlite_engine)[0].failed_at is not None


def test_who_gives_no_answer_loses_nothing(
    sqlite_engine: Engine, clock: ManualClock, there: Receiver
) -> None:
    fill(sqlite_engine, clock, there.address)
    there.answer = "close"
    sender = delivery(sqlite_engine, clock)
    try_often(sender, clock, MOST_REFUSALS + 1)
    there.answer = 200
    assert sender.deliver() == 1


def test_a_refusal_after_a_long_silence_is_the_first(
    engine: Engine, clock: ManualClock, there: Receiver
) -> None:
    fill(engine, clock, there.address)
    sender = delivery(engine, clock)
    there.answer = "close"
    try_often(sender, clock, 20)
    there.answer = 503
    try_often(sender, clock, 1)
    (row,) = outbox(engine)
    assert (row.attempts, row.refusals, row.failed_at) == (21, 1, None)
    there.answer = 200
    assert sender.deliver() == 1
    assert outbox(engine)[0].delivered_at is not None


@pytest.mark.slow
def test_a_receiver_that_is_away_takes_one_try_and_keeps_no_other_waiting(
    sqlite_engine: Engine, clock: ManualClock, there: Receiver
) -> None:
    fill(sqlite_engine, clock, f"http://127.0.0.1:{free_port()}", questions=3)
    add(sqlite_engine, clock, there.address)
    predict_rows(sqlite_engine, {4: {"anova": 0.9}}, now=clock.now())
    fill_outbox(sqlite_engine, now=clock.now())
    sender = delivery(sqlite_engine, clock)
    sender.deliver()
    waiting = [row for row in outbox(sqlite_engine) if row.delivered_at is None]
    assert [row.attempts for row in waiting] == [1, 0, 0, 0]
    assert 4 in there.questions
    assert sender.deliver() == 0


def test_two_services_at_once_send_each_event_once(
    engine: Engine, clock: ManualClock, there: Receiver
) -> None:
    fill(engine, clock, there.address, questions=30)
    threads = [threading.Thread(target=delivery(engine, clock).deliver) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(there.questions) == list(range(1, 31))
    assert all(row.delivered_at for row in outbox(engine))


def test_a_crash_after_sending_repeats_the_event_with_its_id(
    engine: Engine, clock: ManualClock, there: Receiver
) -> None:
    fill(engine, clock, there.address)
    number = outbox(engine)[0].webhook_id
    with engine.begin() as connection:
        event = lease(connection, number, now=clock.now())
    assert isinstance(event, Event)
    assert send(event, clock.now()).error is None  # and the service ends before it writes so
    assert delivery(engine, clock).deliver() == 0
    clock.sleep(LEASE.total_seconds())
    assert delivery(engine, clock).deliver() == 1
    assert len({one.id for one in there.received}) == 1
    assert len(there.received) == 2


@pytest.mark.parametrize("answers", [True, False])
def test_no_pause_outlives_the_clock_that_was_ahead_when_it_began(
    engine: Engine, clock: ManualClock, there: Receiver, *, answers: bool
) -> None:
    fill(engine, clock, there.address)
    clock.time += timedelta(hours=10)
    outcomes = [Outcome("away", answered=answers), Outcome(None, answered=True)]
    delivering = Delivery(engine, clock, send=lambda _event, _now: outcomes.pop(0))
    assert delivering.deliver() == 1
    clock.time -= timedelta(hours=10)
    assert delivering.deliver() == 1
    assert outcomes == []
