import logging
import os

import pytest
from celery.exceptions import WorkerLostError
from redis.exceptions import ReadOnlyError

from core.log import OutageFilter, SecretFilter, secrets, silent_stderr
from core.settings import load_settings
from tests.conftest import ManualClock


@pytest.fixture
def hide(monkeypatch: pytest.MonkeyPatch) -> SecretFilter:
    monkeypatch.setenv("TAGGER_API_KEY", "key-in-hand")
    monkeypatch.setenv("TAGGER_DATABASE_URL", "postgresql://u:data%40word@h/d")
    monkeypatch.setenv("TAGGER_BROKER_URL", "redis://:broker%23word@h:1/0")
    return SecretFilter(secrets(load_settings()))


@pytest.mark.parametrize(
    "secret", ["key-in-hand", "data%40word", "data@word", "broker%23word", "broker#word"]
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
