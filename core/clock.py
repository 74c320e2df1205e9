"""Time as an argument: what waits or dates something takes a clock."""

import time
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

# What was written down later than so long from now was so by a clock that has been set back since,
# and counts as due. Clocks that tick together differ by less.
CLOCK_SET_BACK: Final = timedelta(seconds=5)


class Clock(Protocol):
    """Tells the time and lets it pass."""

    def now(self) -> datetime:
        """The present, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds since some moment: what lasts is measured by these, as nobody sets them."""
        ...

    def sleep(self, seconds: float) -> None:
        """Return when that many seconds have passed."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The present, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Return when that many seconds have passed."""
        time.sleep(seconds)
