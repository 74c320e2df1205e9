"""The consumer's waits, with nothing of Celery's around it."""

import logging
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from celery.worker.consumer import Consumer
from redis.exceptions import ConnectionError as RedisGone
from redis.exceptions import ReadOnlyError

from core.broker.names import TAGGING_QUEUE
from core.broker.queue import SWEEP_TASK, make_celery
from core.parts.heartbeat import Heartbeat
from core.parts.retry import Outage
from core.settings import Settings
from worker import consumer as module
from worker.consumer import FIRST_PAUSE, LONGEST_PAUSE, PatientConsumer, patient_consumer
from worker.messages import CheckingConsumer

GONE = RedisGone("Error 111 connecting to 127.0.0.1:6379. Connection refused.")


class Timer:
    """A worker's timer, which the test lets fire."""

    def __init__(self) -> None:
        self.calls: list[Any] = []

    def call_after(self, _seconds: float, call: Any) -> Any:
        self.calls.append(call)
        return SimpleNamespace(cancel=lambda: self.calls.remove(call))

    def fire(self) -> None:
        while self.calls:
            self.calls.pop()()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    pauses: list[float] = []
    monkeypatch.setattr(module, "time", SimpleNamespace(sleep=pauses.append))
    return pauses


@pytest.fixture
def consumer(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Any:
    """A consumer of the tagging queue; `lost` is how Celery's own part takes a lost connection."""
    caplog.set_level(logging.WARNING)
    made: Any = PatientConsumer.__new__(PatientConsumer)
    made.app = make_celery(Settings())
    made.app.amqp.queues.select([TAGGING_QUEUE])
    made.sent = []
    made.app.send_task = lambda name, **_: made.sent.append(name)
    made._outage, made._settling, made.timer = Outage(module.log, "the broker"), None, Timer()
    made.connection_errors, made.channel_errors = (RedisGone,), (ReadOnlyError,)
    made.lost = lambda _error: None
    monkeypatch.setattr(Consumer, "on_ready", lambda _self: None)
    monkeypatch.setattr(
        Consumer, "on_connection_error_after_connected", lambda self, error: self.lost(error)
    )
    return made


def test_a_consumer_that_is_back_has_what_was_left_behind_swept_at_once(
    consumer: Any, pauses: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    consumer.on_connection_error_after_connected(GONE)
    consumer.on_ready()
    assert consumer.sent == []
    consumer.timer.fire()
    assert consumer.sent == [SWEEP_TASK]
    away, back = caplog.messages
    assert "Connection refused. Start it" in away
    assert "the broker is back after" in back
    assert pauses == [FIRST_PAUSE]


def test_a_redis_that_takes_connections_and_no_writes_is_one_outage(
    consumer: Any, pauses: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(5):
        consumer.on_ready()
        consumer.on_connection_error_after_connected(ReadOnlyError("read only replica"))
    assert len(caplog.messages) == 1
    assert (
        "refuses what it was asked: read only replica. See its log. Waiting for it."
        in caplog.messages[0]
    )
    assert len(pauses) == 5  # and no busy loop
    consumer.on_ready()
    consumer.timer.fire()
    assert len(caplog.messages) == 2


@pytest.mark.usefixtures("pauses")
def test_what_kombu_cannot_close_ends_no_busy_worker(consumer: Any) -> None:
    def fail(_error: Exception) -> None:
        raise AttributeError("'NoneType' object has no attribute 'hostname'")

    consumer.lost = fail
    consumer.on_connection_error_after_connected(GONE)


def test_it_tries_every_few_seconds_and_is_alive_meanwhile(consumer: Any, tmp_path: Path) -> None:
    fed: list[bool] = []
    watchdog: Any = SimpleNamespace(feed=lambda: fed.append(True))
    waits: list[str] = []
    signs: Any = SimpleNamespace(give=lambda *, waits_for: waits.append(waits_for))
    heartbeat = tmp_path / "heartbeat"
    consumer.__class__ = patient_consumer(Heartbeat(heartbeat), watchdog, signs)
    asked: dict[str, Any] = {}

    def ensure_connection(on_error: Any, **options: Any) -> None:
        asked.update(options)
        for _ in range(3):
            on_error(GONE, 1)
            options["callback"]()

    connection = SimpleNamespace(ensure_connection=ensure_connection)
    assert consumer.ensure_connected(connection) is connection
    assert waits == ["the broker"] * 3
    assert asked["interval_max"] == LONGEST_PAUSE
    assert len(fed) == 3
    assert heartbeat.exists()
    assert consumer._outage.lasts


class Message:
    """A message of some channel, which may fail to be acknowledged."""

    def __init__(self, channel: object, error: Exception | None) -> None:
        self.channel, self.error, self.settled = channel, error, 0
        self.ack_log_error: Any = None
        self.reject_log_error: Any = None

    def ack(self) -> None:
        if self.error is not None:
            raise self.error
        self.settled += 1

    def reject(self, *, requeue: bool) -> None:
        assert not requeue
        self.ack()


NOBODYS = AttributeError("'NoneType' object has no attribute 'hostname'")


@pytest.mark.parametrize(
    ("channel", "error", "raised"),
    [
        ("this", None, False),
        ("this", ReadOnlyError("no writes"), True),
        ("this", GONE, True),
        ("earlier", ReadOnlyError("no writes"), False),
        ("earlier", GONE, False),
        ("earlier", NOBODYS, False),
    ],
)
def test_a_message_that_cannot_be_acknowledged_makes_the_connection_anew_and_no_deaf_worker(
    consumer: Any,
    monkeypatch: pytest.MonkeyPatch,
    channel: str,
    error: Exception | None,
    *,
    raised: bool,
) -> None:
    monkeypatch.setattr(
        CheckingConsumer, "create_task_handler", lambda _self: lambda _message: None
    )
    consumer.task_consumer = SimpleNamespace(channel="this")
    message = Message(channel, error)
    consumer.create_task_handler()(message)
    for settle in (message.ack_log_error, partial(message.reject_log_error, requeue=False)):
        with pytest.raises((ReadOnlyError, RedisGone)) if raised else nullcontext():
            settle(module.log, (GONE,))
    assert message.settled == (2 if error is None else 0)
