"""Remembers for a while what takes long to find out, so that no page waits for it twice."""

import logging
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final, TypeVar

__all__ = ["Memo", "NotYet"]

log = logging.getLogger(__name__)

T = TypeVar("T")

FAILURE_KEPT: Final = 90.0  # seconds; a page in a tab behind others looks again once a minute
PATIENCE: Final = 0.02  # seconds that a page waits for something newer than what it could show
MOST_KEYS: Final = 1000


@dataclass(slots=True)
class _Entry:
    value: Any = None
    found_at: float | None = None  # by the machine's own count of seconds
    failed_at: float = 0.0
    running: Future[Any] | None = None
    lock: Lock = field(default_factory=Lock)


class Memo:
    """Values by key, each found by one thread at a time.

    rows = context.memo.get(("tags", site), 60, lambda: read_tags(engine, site))

    The first who asks finds it, so that nothing slow of another key is waited for; who may not wait
    as long as it takes has it found beside. Later, what is older than its time is found anew beside
    the answer: who asks is given the older value unless the newer one comes at once. Where nobody
    waited any more for what failed, the next who asks is told: else it would be tried for ever.
    """

    def __init__(self, *, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._lock = Lock()
        self._entries: dict[Hashable, _Entry] = {}
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="memo")

    def get(
        self, key: Hashable, seconds: float, find: Callable[[], T], *, wait: float | None = None
    ) -> T:
        """The value of a key.

        Args:
            key: names what is looked for; a value that was found for it is of `find`'s type.
            seconds: how old the value may be before it is found anew.
            find: finds it, mostly in another thread; its errors are the caller's.
            wait: seconds that the first caller waits at most; as long as it takes where unset.

        Raises:
            NotYet: it has not been found within that time.
        """
        entry = self._entry(key)
        with entry.lock:
            age = None if entry.found_at is None else time.monotonic() - entry.found_at
            if age is not None and age <= seconds:
                return entry.value  # type: ignore[no-any-return]
            if entry.running is not None and entry.running.done():
                is_old = time.monotonic() - entry.failed_at > FAILURE_KEPT
                if wait is None or is_old:
                    entry.running = None
            is_own = entry.running is None and age is None and wait is None
            if is_own:
                entry.running = Future()
            elif entry.running is None:
                entry.running = self._threads.submit(self._find, entry, find)
            running = entry.running
        if is_own:
            self._find_for_all(entry, find, running)
        if age is None:
            return self._result(entry, running, wait)  # type: ignore[no-any-return]
        try:
            return running.result(self._patience)  # type: ignore[no-any-return]
        except NotYet:
            return entry.value  # type: ignore[no-any-return]

    @staticmethod
    def _result(entry: _Entry, running: Future[Any], wait: float | None) -> Any:
        """What is found within a time; a failure that the caller is told is no other's."""
        try:
            return running.result(wait)
        except BaseException:
            with entry.lock:
                if entry.running is running and running.done():
                    entry.running = None
            raise

    def _entry(self, key: Hashable) -> _Entry:
        with self._lock:
            if key not in self._entries and len(self._entries) >= MOST_KEYS:
                self._entries.pop(next(iter(self._entries)))
            return self._entries.setdefault(key, _Entry())

    def _find_for_all(self, entry: _Entry, find: Callable[[], T], found: Future[T]) -> None:
        """Find a value in the caller's thread, also for those who ask meanwhile."""
        try:
            found.set_result(self._find(entry, find))
        except BaseException as error:  # noqa: BLE001 (it is raised by the result)
            found.set_exception(error)

    @staticmethod
    def _find(entry: _Entry, find: Callable[[], T]) -> T:
        try:
            value = find()
        except BaseException:
            with entry.lock:
                entry.failed_at = time.monotonic()
                if entry.found_at is not None:  # there is something to show
                    entry.running = None
            raise
        with entry.lock:
            entry.value, entry.found_at, entry.running = value, time.monotonic(), None
        return value

    def forget(self) -> None:
        """Find everything anew, as after a change that is to be seen at once."""
        with self._lock:
            self._entries.clear()
