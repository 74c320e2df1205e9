"""How often a login may fail, by address and in all; kept in memory, and bounded."""

from collections import OrderedDict, deque
from threading import Lock

WINDOW_SECONDS = 300.0
MOST_OF_AN_ADDRESS = 10  # a person who pastes wrongly needs a few
MOST_IN_ALL = 200  # whoever has many addresses
MOST_ADDRESSES = 10_000  # that are remembered


class LoginLimit:
    """Counts the logins that failed within the last minutes; `now` is in a clock's seconds.

    if limit.seconds_to_wait(address, clock.monotonic()): refuse
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._by_address: OrderedDict[str, deque[float]] = OrderedDict()
        self._all: deque[float] = deque(maxlen=MOST_IN_ALL)

    def seconds_to_wait(self, address: str, now: float) -> int:
        """Seconds until this address may try again; 0 where it may at once."""
        with self._lock:
            own = self._by_address.get(address, deque())
            return max(_wait(own, MOST_OF_AN_ADDRESS, now), _wait(self._all, MOST_IN_ALL, now))

    def count_failure(self, address: str, now: float) -> None:
        """Remember that a login from this address has failed."""
        with self._lock:
            own = self._by_address.setdefault(address, deque(maxlen=MOST_OF_AN_ADDRESS))
            self._by_address.move_to_end(address)
            own.append(now)
            self._all.append(now)
            while len(self._by_address) > MOST_ADDRESSES:
                self._by_address.popitem(last=False)


def _wait(failures: deque[float], most: int, now: float) -> int:
    if len(failures) < most or failures[0] + WINDOW_SECONDS <= now:
        return 0
    return int(failures[0] + WINDOW_SECONDS - now) + 1
