"""Messages of the queue, looked at before Celery sees them: what is none of ours is dropped.

A message is a hint: the database knows what is pending, and the sweep sends another. So one that is
malformed, of an unknown task, or with arguments that the task does not take is a line in the log
and nothing more. Celery would raise what it cannot read, which ends the worker with the message
back in the queue.
"""

import logging
from collections.abc import Callable, Container
from datetime import datetime
from typing import Any, Final

from celery.worker.consumer import Consumer

from core.broker.queue import TAG_TASK, TRAIN_TASK
from core.untrusted import one_line

log = logging.getLogger(__name__)

MOST_KEYS: Final = 10_000  # of a message; the largest that is sent has 1,000
_LARGEST: Final = 2**63 - 1
_LONGEST_NAME: Final = 100
_LONGEST_TOLD: Final = 200  # characters of a message that are quoted

_UNREADABLE: Final = (ValueError, LookupError, TypeError, AttributeError, RecursionError)


class CheckingConsumer(Consumer):  # type: ignore[misc] # (Celery carries no types)
    """Celery's, which takes messages of this program alone."""

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Callable[[Any], Any]:
        """Return what is called with each message that comes."""
        handle = super().create_task_handler(*args, **kwargs)
        drop_unreadable(self.task_consumer.channel)

        def check(message: Any) -> Any:
            fault = find_fault(message, self.app.tasks)
            if fault is None:
                return handle(message)
            _tell(fault, message)
            message.reject_log_error(log, self.connection_errors)
            return None

        return check

    def on_decode_error(self, message: Any, exc: Exception) -> None:
        """Drop a message in another format than JSON, or of bytes that are none."""
        _tell(f"it cannot be read ({exc})", message)
        message.ack_log_error(log, self.connection_errors)


def drop_unreadable(channel: Any) -> None:
    """Let a channel of Redis drop what is no message at all; others are left as they are."""
    handlers = getattr(channel, "handlers", {})
    read = handlers.get("BRPOP")
    if read is None:
        return

    def read_or_drop(**options: Any) -> Any:
        try:
            return read(**options)
        except _UNREADABLE as error:
            _tell(f"it cannot be read ({type(error).__name__}: {error})")
            return True

    handlers["BRPOP"] = read_or_drop


def find_fault(message: Any, tasks: Container[str]) -> str | None:
    """What is wrong with a message; None where a task can be made of it.

    Args:
        message: Kombu's, whose content is known to be JSON.
        tasks: names of those that there are.
    """
    headers = message.headers
    name = headers.get("task")
    if not isinstance(name, str) or not isinstance(headers.get("id"), str):
        return "it names no task"
    if name not in tasks:
        return f"there is no task {name!r}"
    if not _is_plain(headers):
        return "it asks for what no task of this program has"
    try:
        args, kwargs, embedded = message.payload
    except Exception as error:  # noqa: BLE001 (of whatever decodes it)
        return f"it cannot be read ({type(error).__name__})"
    if kwargs != {} or not _is_empty(embedded):
        return "it has arguments that no task of this program takes"
    return _fault_of_arguments(name, args)


def _is_plain(headers: dict[str, Any]) -> bool:
    """Whether it is to be done now, once, and void from a time on at most."""
    return (
        not any(headers.get(name) for name in ("eta", "retries", "group", "shadow", "compression"))
        and _are_limits(headers.get("timelimit"))
        and _is_time(headers.get("expires"))
    )


def _are_limits(value: object) -> bool:
    """Whether they are time limits, perhaps those of another version of the program."""
    if value is None:
        return True
    pair = value if isinstance(value, list) else []
    return len(pair) == 2 and all(one is None or _is_number(one, least=1) for one in pair)


def _is_time(value: object) -> bool:
    if value is None:
        return True
    try:
        return isinstance(value, str) and datetime.fromisoformat(value) is not None
    except ValueError:
        return False


def _is_empty(embedded: object) -> bool:
    """Whether no other task is to follow."""
    return isinstance(embedded, dict) and not any(embedded.values())


def _fault_of_arguments(name: str, args: object) -> str | None:
    if not isinstance(args, list):
        return "its arguments are no list"
    if name == TAG_TASK:
        fits = len(args) == 2 and is_site(args[0]) and _are_keys(args[1])
        return None if fits else "it takes a site and the keys of questions"
    if name == TRAIN_TASK:
        fits = len(args) == 2 and is_site(args[0]) and _is_number(args[1], least=0)
        return None if fits else "it takes a site and a number of questions"
    return "it takes no arguments" if args else None


def is_site(value: object) -> bool:
    """Whether it may be the name of a site, also of one that was stored by earlier versions."""
    return isinstance(value, str) and value.isprintable() and 0 < len(value) <= _LONGEST_NAME


def _are_keys(value: object) -> bool:
    return (
        isinstance(value, list)
        and 0 < len(value) <= MOST_KEYS
        and all(_is_number(key, least=1) for key in value)
    )


def _is_number(value: object, *, least: int) -> bool:
    return type(value) is int and least <= value <= _LARGEST


def _tell(fault: str, message: Any = None) -> None:
    body = "" if message is None else f": {_begin(message.headers)} {_begin(message.body)}"
    log.warning("a message of the queue is dropped, %s%s", one_line(fault[:_LONGEST_TOLD]), body)


def _begin(value: object) -> str:
    """The beginning of what a message holds, as it is told."""
    return one_line(repr(value)[:_LONGEST_TOLD])
