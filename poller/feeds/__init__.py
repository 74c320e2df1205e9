"""The feeds: what is read of a site, each with its own high-water mark.

A feed is read in steps, one request each. A step stores what the answer holds and moves the
mark in one transaction; only then are the questions enqueued.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal, Protocol

from core.feeds import FeedName

PAGE_SIZE = 100  # the most that the API gives


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next request of a pass begins.

    Attributes:
        second: the date that it begins with, in epoch seconds.
        end: how many questions of that second have been read: more than none only where a whole
            page shares it.
        page: the page to ask for.
        begun: when the pass was begun, by our clock; None before its first request.
        whole: whether the pass reads all that the list holds, to find what is gone.
        again: whether it reads a stretch again that held an item without a number.
        clean: whether no such item was met so far.
        mark: where the pass has found or left the high-water mark, if anywhere.
        overlap: items that the next page of history holds, too, where this date is right.
        back: the date to read on from where it does not; None where there is none.
    """

    second: int
    end: int = 0
    page: int = 1
    begun: datetime | None = None
    whole: bool = False
    again: bool = False
    clean: bool = True
    mark: datetime | None = None
    overlap: frozenset[str] = frozenset()
    back: int | None = None

    @property
    def page_size(self) -> int:
        """How many questions to ask for.

        Pages behind the first are a little smaller, so that each begins SLACK questions before the
        end of what was read: so many may disappear meanwhile without moving one past us.
        """
        if self.page == 1:
            return PAGE_SIZE
        return max(1, min((self.end - SLACK) // (self.page - 1), PAGE_SIZE))

    def after(self, furthest: int | None, read: int, *, onward: Literal[1, -1]) -> "Cursor":
        """Where to go on after a page that is not the last.

        Args:
            furthest: the date that the page has come to; None where none of its items says.
            read: how many items it held.
            onward: 1 where dates ascend, -1 where they descend.
        """
        if furthest is not None and furthest != self.second:
            return replace(self, second=furthest, end=0, page=1)
        if self.page == LAST_PAGE:  # thousands in one second, or a page without a single date
            return replace(self, second=self.second + onward, end=0, page=1)
        end = self.page_size * (self.page - 1) + read
        return replace(self, end=end, page=self.page + 1)


SLACK = 4
LAST_PAGE = 25  # of those that a client without a key may see


@dataclass(frozen=True, slots=True)
class Step:
    """What a step did.

    Attributes:
        following: where the pass goes on; None where it is over.
        new: questions that were not stored before.
        changed: questions whose title or body is another now.
        requested: keys of the rows whose tagging it requested, to enqueue.
        items: what the answer held, by number or digest, also what could not be read.
        asked: whether there was anything to ask for.
        again: whether what follows is the same page once more.
    """

    following: Cursor | None = None
    new: int = 0
    changed: int = 0
    requested: tuple[int, ...] = ()
    items: frozenset[str] = frozenset()
    asked: bool = True
    again: bool = False


class Feed(Protocol):
    """Something that is read of a site."""

    @property
    def name(self) -> FeedName:
        """As it stands in the table `feeds`."""
        ...

    def step(self, site: str, cursor: Cursor | None) -> Step:
        """Make one request: the first of a pass, or the one that the cursor names.

        Raises:
            ApiError: nothing was stored; the same step can be taken again.
        """
        ...


def epoch(time: datetime) -> int:
    """Whole seconds since 1970, as the API counts."""
    return int(time.timestamp())


def from_epoch(seconds: int) -> datetime:
    """The time of the API's seconds, in UTC."""
    return datetime.fromtimestamp(seconds, UTC)
