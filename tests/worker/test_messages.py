"""What comes out of the queue and is none of the program's is a line in the log and no more."""

import json
import logging
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from core.broker.queue import SWEEP_TASK, TAG_TASK, TRAIN_TASK
from core.settings import Settings
from worker.app import make_app
from worker.messages import CheckingConsumer, drop_unreadable, find_fault
from worker.schedule import beat_schedule

TASKS = (TAG_TASK, TRAIN_TASK, SWEEP_TASK)
NOTHING_ELSE = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}
HEADERS = {"task": TAG_TASK, "id": "1", "retries": 0, "timelimit": [None, None], "expires": None}


class Message:
    """One of Kombu's, as far as it is looked at."""

    def __init__(self, headers: Any, payload: Any) -> None:
        self.headers, self.payload, self.body = headers, payload, json.dumps(payload)
        self.rejected = self.acknowledged = False

    def reject_log_error(self, *_: object) -> None:
        self.rejected = True

    def ack_log_error(self, *_: object) -> None:
        self.acknowledged = True


def message(*args: object, **headers: object) -> Message:
    return Message(HEADERS | headers, [list(args), {}, NOTHING_ELSE])


@pytest.mark.parametrize(
    "good",
    [
        message("stats", [1, 2**63 - 1]),
        message("Old name, once stored", [1], expires="2026-01-01T00:00:00+00:00"),
        message("stats", 1, task=TRAIN_TASK, timelimit=None),
        message(task=SWEEP_TASK, lang="py", argsrepr="()", group=None),
        message(task=SWEEP_TASK, timelimit=[999, None]),  # another version's
    ],
)
def test_what_the_program_sends_has_no_fault(good: Message) -> None:
    assert find_fault(good, TASKS) is None


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        (Message({}, []), "names no task"),
        (Message({"task": ["a"], "id": "1"}, []), "names no task"),
        (Message({"task": TAG_TASK}, []), "names no task"),
        (message("stats", [1], task="os.system"), "no task 'os.system'"),
        (message("stats", [1], eta="2026-01-01T00:00:00"), "what no task"),
        (message("stats", [1], expires="soon"), "what no task"),
        (message("stats", [1], expires={}), "what no task"),
        (message("stats", [1], retries=3), "what no task"),
        (message("stats", [1], timelimit=[1, "x"]), "what no task"),
        (message("stats", [1], shadow="another"), "what no task"),
        (Message(HEADERS, None), "cannot be read"),
        (Message(HEADERS, {"args": []}), "cannot be read"),
        (Message(HEADERS, [["stats", [1]], {"more": 1}, NOTHING_ELSE]), "arguments"),
        (Message(HEADERS, [["stats", [1]], {}, NOTHING_ELSE | {"chain": [{}]}]), "arguments"),
        (Message(HEADERS, [["stats", [1]], {}, None]), "arguments"),
        (Message(HEADERS, ["stats", {}, NOTHING_ELSE]), "no list"),
        (message(), "a site and the keys"),
        (message("stats"), "a site and the keys"),
        (message("stats", []), "a site and the keys"),
        (message("stats", ["1"]), "a site and the keys"),
        (message("stats", [True]), "a site and the keys"),
        (message("stats", [0]), "a site and the keys"),
        (message("stats", [2**63]), "a site and the keys"),
        (message("stats", [1] * 10_001), "a site and the keys"),
        (message("stats", 1), "a site and the keys"),
        (message(7, [1]), "a site and the keys"),
        (message("", [1]), "a site and the keys"),
        (message("a\0b", [1]), "a site and the keys"),
        (message("\ud800", [1]), "a site and the keys"),
        (message("x" * 101, [1]), "a site and the keys"),
        (message("stats", -1, task=TRAIN_TASK), "a number of questions"),
        (message("stats", 1.5, task=TRAIN_TASK), "a number of questions"),
        (message(1, task=SWEEP_TASK), "no arguments"),
    ],
)
def test_what_is_malformed_is_told(bad: Message, fault: str) -> None:
    assert fault in str(find_fault(bad, TASKS))


def consumer(monkeypatch: pytest.MonkeyPatch, handled: list[Any]) -> CheckingConsumer:
    base = CheckingConsumer.__mro__[1]
    monkeypatch.setattr(base, "create_task_handler", lambda *_: handled.append)
    made: CheckingConsumer = CheckingConsumer.__new__(CheckingConsumer)
    made.app = SimpleNamespace(tasks=TASKS)
    made.task_consumer = SimpleNamespace(channel=SimpleNamespace())
    made.connection_errors = ()
    return made


def test_it_is_dropped_with_one_line_and_celery_does_not_see_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    handled: list[Any] = []
    check = consumer(monkeypatch, handled).create_task_handler()
    good, bad = message("stats", [1]), message("stats\n\x1b[2J", ["x" * 1000], task="no\nsuch")
    check(bad)
    check(good)
    assert handled == [good]
    assert (bad.rejected, good.rejected) == (True, False)
    (told,) = caplog.messages
    assert told.startswith("a message of the queue is dropped, there is no task 'no\\nsuch': {")
    assert told.isprintable()
    assert len(told) < 700


def test_what_cannot_be_decoded_is_acknowledged_with_one_line(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bad = message()
    consumer(monkeypatch, []).on_decode_error(bad, ValueError("not JSON\n"))
    assert bad.acknowledged
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "\n" not in caplog.messages[0]


@pytest.mark.parametrize("error", [ValueError("no JSON"), KeyError("properties"), TypeError()])
def test_bytes_that_are_no_message_do_not_end_the_worker(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def read(**_: object) -> bool:
        raise error

    channel = SimpleNamespace(handlers={"BRPOP": read})
    drop_unreadable(channel)
    assert channel.handlers["BRPOP"](redis=1) is True
    assert len(caplog.messages) == 1


def test_a_lost_connection_is_not_taken_for_a_message() -> None:
    def read(**_: object) -> bool:
        raise ConnectionError

    channel = SimpleNamespace(handlers={"BRPOP": read})
    drop_unreadable(channel)
    with pytest.raises(ConnectionError):
        channel.handlers["BRPOP"]()
    drop_unreadable(SimpleNamespace())  # RabbitMQ's


def test_what_the_scheduler_sends_is_taken() -> None:
    app = make_app(Settings(keep_predictions_days=1))
    sent: list[Message] = []
    app.amqp.__dict__["send_task_message"] = lambda _producer, _name, message, **_: sent.append(
        Message(message.headers, json.loads(json.dumps(message.body)))
    )
    connection = SimpleNamespace(_reraise_as_library_errors=nullcontext)
    producer = SimpleNamespace(connection=connection)
    entries = beat_schedule(Settings(keep_predictions_days=1)).values()
    for entry in entries:
        options: Any = entry["options"]
        app.tasks[entry["task"]].apply_async((), {}, producer=producer, **options)
    assert len(sent) == len(entries) > 0
    assert [find_fault(message, app.tasks) for message in sent] == [None] * len(entries)
