"""Logging: one line an event on standard error, with no secret in it."""

import logging
import os
import sys
import textwrap
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from urllib.parse import quote, quote_plus

from sqlalchemy import make_url

from core.settings import Settings
from core.untrusted import one_line, printable

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
HIDDEN = "***"
_CHATTY = ("alembic", "celery.app.trace", "celery.worker.strategy", "kombu", "urllib3", "uvicorn")
_SHORTEST_SECRET = 4  # hiding every "ab" in a log would hide the log

# What an outage of broker or database raises, by the names of classes: nothing here imports them.
_EXPECTED = frozenset(
    {
        "ConnectionError",  # Python's, with all its kinds, and redis-py's
        "TimeoutError",
        "RedisError",
        "OperationalError",  # Kombu's and SQLAlchemy's
        "AMQPError",
        "WorkerLostError",
        "SchedulingError",
        "TaggerError",
    }
)
_OF_OUTAGES = ("celery", "kombu", "amqp", "worker", "multiprocessing", "billiard")
_OF_CONNECTIONS = ("celery.beat", "celery.worker.consumer", "kombu")
REPEAT_SECONDS = 60.0


class OutageFilter(logging.Filter):
    """Makes one line of what Celery says of an outage, and says it once a minute at most.

    An outage brings the same errors hundreds of times, with their tracebacks.
    """

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._monotonic = monotonic
        self._said: dict[tuple[object, ...], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is new; an expected error loses its traceback."""
        if record.levelno < logging.WARNING or record.name.split(".")[0] not in _OF_OUTAGES:
            return True
        error = record.exc_info[1] if record.exc_info else None
        error = getattr(error, "exc", error)  # Billiard wraps what a process raised
        is_of_ack = str(record.msg).startswith("Couldn't ack")  # by a connection that is gone
        if error is not None and (is_expected(error) or is_of_ack):
            told = f"{type(error).__name__}: {_first_line(str(error))}"
            record.msg, record.args = f"{_first_line(record.getMessage())} ({told})", ()
            record.exc_info = record.exc_text = None
            return self._is_new((record.name, record.levelno, type(error).__name__))
        if record.exc_info or not record.name.startswith(_OF_CONNECTIONS):
            return True
        return self._is_new((record.name, record.levelno, record.msg))

    def _is_new(self, key: tuple[object, ...]) -> bool:
        now = self._monotonic()
        before = self._said.get(key)
        if before is not None and now - before < REPEAT_SECONDS:
            return False
        self._said[key] = now
        return True


def is_expected(error: BaseException) -> bool:
    """Whether an outage of something else is what raises such errors."""
    return any(kind.__name__ in _EXPECTED for kind in type(error).__mro__)


def _first_line(text: str) -> str:
    return next(iter(text.strip().splitlines()), "")


class SecretFilter(logging.Filter):
    """Replaces secrets and controls in all that a handler writes, whoever logged it.

    A message is one line, whatever it quotes: else a stranger's text would write lines of its own.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__()
        self._secrets = sorted({s for s in secrets if len(s) >= _SHORTEST_SECRET}, key=len)[::-1]

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, without its secrets; a traceback is indented behind it."""
        message = one_line(self.hide(record.getMessage()))
        if record.exc_info:
            told = self.hide(logging.Formatter().formatException(record.exc_info))
            message += "\n" + textwrap.indent(printable(told), "    ")
            record.exc_info = record.exc_text = None
        record.msg, record.args = message, ()
        return True

    def hide(self, message: str) -> str:
        """Return the message without secrets."""
        for secret in self._secrets:
            message = message.replace(secret, HIDDEN)
        return message


def secrets(settings: Settings) -> set[str]:
    """All that must never be shown: the key, the token, and the addresses' passwords."""
    passwords = (settings.database_service_password, settings.database_reader_password)
    alone = (settings.api_key, settings.review_token, *passwords)
    found = {secret.get_secret_value() for secret in alone if secret is not None}
    for address in (settings.database_url, settings.broker_url):
        if address is not None:
            raw = address.get_secret_value()
            found |= {raw.rpartition("@")[0].rpartition(":")[2], make_url(raw).password or ""}
    # a request's line in a log shows the key as it stands in the URL
    return {form for secret in found for form in (secret, quote(secret), quote_plus(secret))} - {""}


def set_up_logging(settings: Settings) -> None:
    """Log to standard error from the settings' level on; replaces what was set up before."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(FORMAT))
    if settings.log_level != "debug":
        handler.addFilter(OutageFilter())
    handler.addFilter(SecretFilter(secrets(settings)))
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    if settings.log_level != "debug":
        for chatty in _CHATTY:
            logging.getLogger(chatty).setLevel(logging.WARNING)


@contextmanager
def silent_stderr() -> Iterator[None]:
    """Drop what is written to standard error meanwhile, also by C++ to the descriptor itself."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
