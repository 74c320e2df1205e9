import threading

import pytest
from sqlalchemy import Engine

from core.clock import SystemClock
from core.errors import DatabaseUnreachable
from review.notify import sender as module
from review.notify.sender import Sender
from tests.conftest import ManualClock
from tests.processes import wait_until
from tests.review.notify.receiver import add, receiver
from tests.review.rows import predict_rows


def test_it_tells_of_a_new_prediction_and_ends_when_it_is_told_to(sqlite_engine: Engine) -> None:
    clock = SystemClock()
    predict_rows(sqlite_engine, {99: {"anova": 0.9}}, now=clock.now())
    with receiver() as there:
        add(sqlite_engine, ManualClock(clock.now()), there.address)
        sender = Sender(sqlite_engine, clock, pause=0.02)
        sender.start()
        predict_rows(sqlite_engine, {1: {"anova": 0.9}}, now=clock.now())
        wait_until(lambda: there.questions == [1], seconds=20, what="it is told")
        sender.stop(10)
    assert not any(thread.name == "webhooks" for thread in threading.enumerate())


def test_trouble_is_one_line_and_ends_nothing(
    sqlite_engine: Engine,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    tries = []

    def away(*_: object, **__: object) -> int:
        tries.append(1)
        raise DatabaseUnreachable("The database is away.")

    monkeypatch.setattr(module, "fill_outbox", away)
    monkeypatch.setattr(module, "AWAY_SECONDS", 0.01)
    sender = Sender(sqlite_engine, clock)
    sender.start()
    wait_until(lambda: len(tries) > 3, seconds=20, what="it tries again")
    sender.stop(10)
    assert caplog.messages == ["The database is away. Webhooks wait for it."]
