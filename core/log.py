"""Logging: one line an event on standard error, with no secret in it.

As text for people, or one JSON object a line for programs (TAGGER_LOG_FORMAT).
"""

import json
import logging
import math
import os
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final
from urllib.parse import quote, quote_plus

from sqlalchemy import make_url

from core.addresses import secrets_of_query
from core.settings import Settings
from core.untrusted import one_line, printable

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
HIDDEN = "***"
# Of what these say at level info, nothing is an event: what fires by itself says what came of it.
_CHATTY = (
    "alembic",
    "celery.app.trace",
    "celery.beat",
    "celery.worker.strategy",
    "kombu",
    "urllib3",
    "uvicorn",
)
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
_DEPRECATIONS: Final = ("CPendingDeprecationWarning: ", "CDeprecationWarning: ")


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
        if _is_no_event(record):
            return False
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


def _is_no_event(record: logging.LogRecord) -> bool:
    """Whether it is what Celery says at each outage of defaults of later versions, or says twice.

    Its own start lets such warnings pass again that were filtered before.
    """
    if record.name == "py.warnings":
        return any(kind in record.getMessage() for kind in _DEPRECATIONS)
    return record.name == "celery.beat" and str(record.msg).startswith("beat pidbox")


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
    """All that must never be shown: the key, the tokens, and the passwords."""
    passwords = (settings.database_service_password, settings.database_reader_password)
    tokens = (settings.review_token, settings.metrics_token)
    alone = (settings.api_key, *tokens, *passwords)
    found = {secret.get_secret_value() for secret in alone if secret is not None}
    for address in (settings.database_url, settings.broker_url):
        if address is not None:
            raw = address.get_secret_value()
            url = make_url(raw)
            found |= {raw.rpartition("@")[0].rpartition(":")[2], url.password or ""}
            found |= secrets_of_query(url)
    return {form for secret in found for form in spellings(secret)} - {""}


def spellings(secret: str) -> set[str]:
    """A secret as it is, and as it stands in a URL: lines on a request quote that."""
    return {secret, quote(secret), quote_plus(secret)}


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, part, logger, message, and whatever else was told.

    It stands behind SecretFilter, which has put a traceback below the message.
    """

    def __init__(self, part: str = "", *, hide: Callable[[str], str] = str) -> None:
        """Prepare.

        Args:
            part: of the service, that is to stand in each line.
            hide: takes secrets out of texts, also of further fields.
        """
        super().__init__()
        self._part = part
        self._hide = hide

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        message, _, traceback = record.getMessage().partition("\n")
        told: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "part": self._part,
            "logger": record.name,
            "message": message,
        }
        if traceback:
            told["traceback"] = textwrap.dedent(traceback)
        further = {n: v for n, v in vars(record).items() if n not in _OF_EVERY_RECORD}
        told |= {name: self._plain(v) for name, v in further.items() if name not in told}
        return json.dumps(told, ensure_ascii=False)

    def _plain(self, value: object) -> object:
        """A value as JSON has it, without secrets."""
        if value is None or isinstance(value, bool | int):
            return value
        if isinstance(value, float):
            return value if math.isfinite(value) else str(value)  # JSON knows no infinity
        if isinstance(value, Mapping):
            return {self._hide(str(name)): self._plain(one) for name, one in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._plain(one) for one in value]
        return self._hide(printable(str(value)))


_OF_EVERY_RECORD: Final = frozenset(
    {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}
)


def set_up_logging(settings: Settings, *, part: str = "") -> None:
    """Log to standard error from the settings' level on; replaces what was set up before.

    Args:
        settings: level and format; and which secrets there are.
        part: of the service, that stands in each line of JSON.
    """
    hiding = SecretFilter(secrets(settings))
    as_json = settings.log_format == "json"
    formatter = JsonFormatter(part, hide=hiding.hide) if as_json else logging.Formatter(FORMAT)
    is_debugging = settings.log_level == "debug"
    filters = (hiding,) if is_debugging else (OutageFilter(), hiding)
    _write_by(formatter, settings.log_level, filters)
    if as_json:
        sys.excepthook = _log_uncaught
        threading.excepthook = _log_uncaught_of_thread
    if not is_debugging:
        for chatty in _CHATTY:
            logging.getLogger(chatty).setLevel(logging.WARNING)


def set_up_early_logging() -> None:
    """Log as far as can be told before the settings are read, which may be what is wrong."""
    if os.environ.get("TAGGER_LOG_FORMAT") == "json":
        _write_by(JsonFormatter(), "info", [SecretFilter(())])


def _write_by(formatter: logging.Formatter, level: str, filters: Iterable[logging.Filter]) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    for one in filters:
        handler.addFilter(one)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(capture=True)


def logs_json() -> bool:
    """Whether the log is for programs, so that nothing else may stand between its lines."""
    return any(isinstance(h.formatter, JsonFormatter) for h in logging.getLogger().handlers)


def _log_uncaught(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    """Log what ends the process, which Python would print."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
        return
    info = (kind, error, traceback)
    logging.getLogger().critical("a fault of the program: %s", error, exc_info=info)


def _log_uncaught_of_thread(args: Any) -> None:
    if args.exc_value is not None:
        _log_uncaught(args.exc_type, args.exc_value, args.exc_traceback)


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
