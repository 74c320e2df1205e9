"""Logging: one line an event on standard error, with no secret in it."""

import logging
import sys
import textwrap
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from sqlalchemy import make_url

from core.settings import Settings
from core.untrusted import one_line, printable

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
HIDDEN = "***"
_CHATTY = ("alembic", "celery.app.trace", "celery.worker.strategy", "kombu", "urllib3", "uvicorn")
_SHORTEST_SECRET = 4  # hiding every "ab" in a log would hide the log


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
    alone = (settings.api_key, settings.review_token)
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
    handler.addFilter(SecretFilter(secrets(settings)))
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    if settings.log_level != "debug":
        for chatty in _CHATTY:
            logging.getLogger(chatty).setLevel(logging.WARNING)
