import logging

import pytest

from core.log import SecretFilter, secrets
from core.settings import load_settings


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
