import io
import json
import logging
import math
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from celery.exceptions import WorkerLostError
from redis.exceptions import ReadOnlyError

from core.log import OutageFilter, SecretFilter, secrets, set_up_logging, silent_stderr
from core.settings import load_settings
from tests.conftest import ManualClock


@pytest.fixture
def hide(monkeypatch: pytest.MonkeyPatch) -> SecretFilter:
    monkeypatch.setenv("TAGGER_API_KEY", "key-in-hand")
    monkeypatch.setenv(
        "TAGGER_DATABASE_URL", "postgresql://u:data%40word@h/d?sslpassword=of+a%2Bkey"
    )
    monkeypatch.setenv("TAGGER_BROKER_URL", "redis://:broker%23word@h:1/0")
    return SecretFilter(secrets(load_settings()))


@pytest.mark.parametrize(
    "secret",
    [
        *("key-in-hand", "data%40word", "data@word", "broker%23word", "broker#word"),
        *("of a+key", "of+a%2Bkey"),
    ],
)
def test_no_secret_reaches_a_log_in_either_spelling(hide: SecretFilter, secret: str) -> None:
    record = logging.LogRecord("x", logging.INFO, "f", 1, "asked %s", (f"?key={secret}",), None)
    hide.filter(record)
    assert record.getMessage() == "asked ?key=***"


def test_a_traceback_keeps_no_secret_either(hide: SecretFilter) -> None:
    error = ValueError("bad key key-in-hand")
    info = (ValueError, error, None)
    record = logging.LogRecord("x", logging.ERROR, "f", 1, "failed", None, info)
    hide.filter(record)
    assert "ValueError" in record.getMessage()
    assert "key-in-hand" not in logging.Formatter().format(record)


def test_a_traceback_is_indented_so_that_none_of_its_lines_can_be_one_of_the_log() -> None:
    error = ValueError("no\n2026-01-01 00:00:00,000 ERROR poller: all is lost")
    info = (ValueError, error, None)
    record = logging.LogRecord("x", logging.ERROR, "f", 1, "failed", None, info)
    SecretFilter(()).filter(record)
    first, *others = record.getMessage().splitlines()
    assert first == "failed"
    assert len(others) == 2
    assert all(line.startswith("    ") for line in others)


@pytest.fixture
def quiet(clock: ManualClock) -> OutageFilter:
    return OutageFilter(monotonic=clock.monotonic)


def of(name: str, error: BaseException | None, message: str = "it failed") -> logging.LogRecord:
    info = None if error is None else (type(error), error, None)
    return logging.LogRecord(name, logging.ERROR, "f", 1, message, None, info)


def test_an_outages_errors_are_one_line_a_minute(quiet: OutageFilter, clock: ManualClock) -> None:
    error = ReadOnlyError("You can't write against a read only replica.\nmore")
    first = of("kombu.asynchronous.hub", error, "Error in timer: …\nFile 1\nFile 2")
    assert quiet.filter(first)
    assert logging.Formatter().format(first) == (
        "Error in timer: … (ReadOnlyError: You can't write against a read only replica.)"
    )
    assert not quiet.filter(of("kombu.asynchronous.hub", error))
    assert quiet.filter(of("kombu.asynchronous.hub", WorkerLostError("exited")))
    clock.sleep(61)
    assert quiet.filter(of("kombu.asynchronous.hub", error))


def test_an_error_without_words_is_a_line_too(quiet: OutageFilter) -> None:
    record = of("kombu.transport", TimeoutError(), "")
    assert quiet.filter(record)
    assert record.getMessage() == " (TimeoutError: )"


def test_other_errors_keep_their_tracebacks_and_come_each_time(quiet: OutageFilter) -> None:
    for _ in range(2):
        record = of("celery.worker.request", ValueError("a fault of the program"))
        assert quiet.filter(record)
        assert record.exc_info is not None
    for _ in range(2):
        assert quiet.filter(of("poller.service", ConnectionError("not Celery's")))


def test_what_celery_says_again_and_again_of_a_connection_is_said_once(quiet: OutageFilter) -> None:
    assert quiet.filter(of("celery.beat", None))
    assert not quiet.filter(of("celery.beat", None))
    assert quiet.filter(of("celery.worker.request", None))
    assert quiet.filter(of("celery.worker.request", None))


def test_what_is_written_to_the_descriptor_is_dropped_until_the_block_ends(
    capfd: pytest.CaptureFixture[str],
) -> None:
    os.write(2, b"before ")
    with silent_stderr():
        os.write(2, b"meanwhile ")
    os.write(2, b"after")
    assert capfd.readouterr().err == "before after"


def json_lines(err: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in err.splitlines()]


@pytest.fixture
def as_json(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """The log of a worker, which is to be JSON."""
    hooks = sys.excepthook, threading.excepthook
    monkeypatch.setenv("TAGGER_LOG_FORMAT", "json")
    monkeypatch.setenv("TAGGER_API_KEY", "key-in-hand")
    monkeypatch.setattr(sys, "stderr", said := io.StringIO())
    set_up_logging(load_settings(), part="worker")
    yield said
    sys.excepthook, threading.excepthook = hooks


def test_json_is_one_object_a_line_of_every_library(as_json: io.StringIO) -> None:
    logging.getLogger("worker.app").info("stats: %d tagged\nand more", 100)
    logging.getLogger("celery.worker.consumer").warning("hello", extra={"data": {"at": (1, 2.5)}})
    warnings.showwarning(UserWarning("take care"), UserWarning, "file.py", 1)
    first, second, third = json_lines(as_json.getvalue())
    assert datetime.fromisoformat(first.pop("time")).tzinfo is not None
    assert first == {
        "level": "info",
        "part": "worker",
        "logger": "worker.app",
        "message": "stats: 100 tagged and more",
    }
    assert (second["level"], second["data"]) == ("warning", {"at": [1, 2.5]})
    assert "take care" in third["message"]


def test_json_holds_a_traceback_in_its_line_and_no_secret(as_json: io.StringIO) -> None:
    error = ValueError("bad key key-in-hand")
    further = {"url": "?key=key-in-hand", "n": math.inf}
    logging.getLogger("x").error("failed", exc_info=error, extra=further)
    said = as_json.getvalue()
    (line,) = json_lines(said)
    assert line["message"] == "failed"
    assert line["traceback"] == "ValueError: bad key ***"
    assert (line["url"], line["n"]) == ("?key=***", "inf")
    assert "key-in-hand" not in said


def test_what_ends_the_process_or_a_thread_is_a_line_of_json_too(as_json: io.StringIO) -> None:
    thread = threading.Thread(target=lambda: int("x"))
    thread.start()
    thread.join()
    sys.excepthook(ValueError, ValueError("unforeseen"), None)
    first, second = json_lines(as_json.getvalue())
    assert (first["level"], first["message"]) == (
        "critical",
        "a fault of the program: invalid literal for int() with base 10: 'x'",
    )
    assert second["message"] == "a fault of the program: unforeseen"


def test_what_fires_by_itself_is_no_event() -> None:
    set_up_logging(load_settings())
    assert not logging.getLogger("celery.beat").isEnabledFor(logging.INFO)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("py.warnings", "file.py:1: CPendingDeprecationWarning: In Celery 5.1 we introduced"),
        ("celery.beat", "beat pidbox connection error: network:ConnectionError"),
    ],
)
def test_what_celery_says_of_itself_at_each_outage_is_no_event(
    quiet: OutageFilter, name: str, message: str
) -> None:
    assert not quiet.filter(of(name, None, message))
    assert quiet.filter(of(name, None, "file.py:1: UserWarning: take care"))
