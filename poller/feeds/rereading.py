"""Stretches of a list that are read once more, since an item in them did not say which it is.

An item with a number is asked for again by it (`refresh`). One without can only be met again in
its list: so the mark in the database stays before it until the stretch came without such an item,
or was read as often as is worth it. Passes in between go on from where they are, in memory: a
process that is killed meanwhile leaves the mark where the stretch begins.
"""

import logging
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from core.clock import Clock

log = logging.getLogger(__name__)

FIRST_PAUSE: Final = 60.0  # seconds before the first time; twice as long before each further one
MAX_REREADS: Final = 5  # half an hour in all, or as many passes


@dataclass(slots=True)
class Stretch:
    """What is to be read again of a site: all from the mark in the database on.

    Attributes:
        due: when, by the clock's `monotonic()`.
        reached: where the mark would stand without it; None before a page had a date.
        times: how often it was read again.
    """

    due: float
    reached: datetime | None = None
    times: int = 0


@dataclass(frozen=True, slots=True)
class Rereading:
    """The stretches of a feed, one a site at most."""

    feed: str
    clock: Clock
    _stretches: dict[str, Stretch] = field(default_factory=dict)

    def begin(self, site: str, mark: datetime | None) -> tuple[datetime | None, bool]:
        """Say where a pass begins, and whether it reads the site's stretch again.

        Args:
            site: its name.
            mark: the high-water mark in the database.
        """
        stretch = self._stretches.get(site)
        if stretch is None:
            return mark, False
        if stretch.reached is not None and self.clock.monotonic() < stretch.due:
            return stretch.reached, False
        stretch.times += 1
        stretch.due = self.clock.monotonic() + FIRST_PAUSE * 2**stretch.times
        return mark, True

    def hold(self, site: str) -> None:
        """Have the list read again from the mark on: what comes after it holds such an item."""
        due = self.clock.monotonic() + FIRST_PAUSE
        self._stretches.setdefault(site, Stretch(due))

    def held(self, site: str, mark: datetime | None, reached: datetime | None) -> datetime | None:
        """Where the mark is to stand in the database after a page that has come so far."""
        stretch = self._stretches.get(site)
        if stretch is None:
            return reached
        known = [at for at in (stretch.reached, reached) if at is not None]
        stretch.reached = max(known, default=None)
        return mark

    def end(self, site: str, *, clean: bool) -> datetime | None:
        """A pass that has read the stretch again is over; return where the mark stands now.

        Args:
            site: its name.
            clean: whether each item said which it is.

        Returns:
            None where the stretch is to be read again.
        """
        stretch = self._stretches.get(site)
        if stretch is None or not (clean or stretch.times >= MAX_REREADS):
            return None
        del self._stretches[site]
        if not clean:
            log_given_up(site, self.feed, stretch.times)
        return stretch.reached


def log_given_up(site: str, feed: str, times: int) -> None:
    """Say in the log that a feed goes on without an item after having read it so many times."""
    log.warning(
        "%s, %s: read %d times more, and there is still an item that does not say which question "
        "it is; going on without it: a question may be missing until something happens to it on "
        "the site",
        site,
        feed,
        times,
    )
