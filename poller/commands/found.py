"""What one reading of the feeds has brought, in lines for a person."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from core.feeds import FeedName
from poller.feeds import Step


@dataclass(slots=True)
class _OfSite:
    new: int = 0
    changed: int = 0
    read: set[str] = field(default_factory=set)


class Found:
    """Counts the steps of a poller, whose `on_step` it is.

    poller.on_step = found = Found()
    poller.run_once()
    print(list(found.lines()))
    """

    def __init__(self) -> None:
        self._sites: dict[str, _OfSite] = {}

    def __call__(self, site: str, feed: FeedName, step: Step) -> None:
        """Take in what a step did."""
        if feed in ("synonyms", "wikis"):  # which are no questions
            return
        counted = self._sites.setdefault(site, _OfSite())
        counted.new += step.new
        counted.changed += step.changed
        counted.read |= step.items

    def counts(self) -> list[dict[str, str | int]]:
        """What was read of each site of which the API gave an answer, in numbers."""
        return [
            {"site": site, "new": one.new, "edited": one.changed, "read": len(one.read)}
            for site, one in self._sites.items()
        ]

    def lines(self) -> Iterator[str]:
        """Yield a line for each site of which the API gave an answer."""
        for site, counted in self._sites.items():
            yield f"{site}: {_told(counted)}."


def _told(counted: _OfSite) -> str:
    edited = f", {counted.changed:,} edited" if counted.changed else ""
    if counted.new:
        return f"{counted.new:,} new question{'s' if counted.new > 1 else ''}{edited}"
    if counted.read:
        return f"nothing new{edited}; {len(counted.read):,} that the API gave are stored already"
    return "nothing new"
