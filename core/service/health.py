"""Whether the service does what it is there for, and what is in its way.

*Down*: nothing is tagged, or nobody can tell. *Degraded*: what runs does so, and something needs a
look: a feed whose API gives no answer, a part that is gone, a training that failed. Pauses that the
API asks for, sites that wait for questions and the like are no trouble.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from core.service.feeds import FeedStatus
from core.service.signs import NEAR_LIMIT, PartStatus
from core.service.status import SiteStatus

Health = Literal["ok", "degraded", "down"]

EXIT_STATUS: Final[dict[Health, int]] = {"ok": 0, "degraded": 1, "down": 2}

LONGEST_PENDING: Final = timedelta(hours=1)  # with a model that could tag it; bulk takes a while
LATELY: Final = timedelta(hours=1)  # for which a part that vanished is missed

# Without which there is no service; others are missed where they ever ran.
_NEEDED: Final = {"tagging": "no worker tags", "scheduler": "the scheduler does not run"}
_MISSED: Final = {"poller": "no poller runs", "training": "no trainer runs"}


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is not as it should be.

    Attributes:
        what: in a line.
        is_down: whether nothing is tagged meanwhile.
    """

    what: str
    is_down: bool = False


def health_of(troubles: Iterable[Trouble]) -> Health:
    """What all troubles together come to."""
    found = list(troubles)
    if any(trouble.is_down for trouble in found):
        return "down"
    return "degraded" if found else "ok"


def find_troubles(
    *,
    sites: Iterable[SiteStatus],
    feeds: Iterable[FeedStatus],
    parts: Iterable[PartStatus],
    further: Iterable[str],
    broker_error: str | None,
    now: datetime,
) -> list[Trouble]:
    """Return what is wrong, what is worst first.

    Args:
        sites: their state.
        feeds: theirs.
        parts: what they last wrote of themselves.
        further: what else is wrong, a line each.
        broker_error: why the broker gives no answer, where it gives none.
        now: UTC.
    """
    found = [
        *([Trouble(broker_error, is_down=True)] if broker_error else ()),
        *_of_parts(list(parts), now),
        *map(Trouble, _of_feeds(feeds)),
        *map(Trouble, _of_sites(sites, now)),
        *map(Trouble, further),
    ]
    return sorted(found, key=lambda trouble: not trouble.is_down)


def _of_parts(parts: list[PartStatus], now: datetime) -> Iterator[Trouble]:
    alive = {part.kind for part in parts if part.lives}
    for kind, told in _NEEDED.items():
        if kind not in alive:
            yield Trouble(f"{told}{_last_of(kind, parts)}", is_down=kind == "tagging")
    for kind, told in _MISSED.items():
        if kind not in alive and any(part.kind == kind for part in parts):
            yield Trouble(f"{told}{_last_of(kind, parts)}")
    for part in parts:
        if part.state == "waiting":
            yield Trouble(f"{part.name} waits for {part.waits_for}")
        elif part.state in ("ended", "silent") and part.kind in alive and now - part.at < LATELY:
            yield Trouble(f"{part.name} is gone since {_minute(part.at)}{_why(part)}")
        if part.lives and (part.memory_share or 0) >= NEAR_LIMIT:
            yield Trouble(f"{part.name} is near its limit: {memory_told(part)}")


def _last_of(kind: str, parts: Iterable[PartStatus]) -> str:
    """When a kind of part was last there, and why it is not."""
    last = max((part for part in parts if part.kind == kind), key=lambda p: p.at, default=None)
    return "" if last is None else f" since {_minute(last.at)}{_why(last)}"


def _why(part: PartStatus) -> str:
    return f": {part.ended}" if part.ended else " without a word: it hangs, or was killed"


def memory_told(part: PartStatus) -> str:
    """What a part's container holds of its limit."""
    if part.memory_bytes is None or part.memory_limit is None:
        return ""
    return f"{part.memory_bytes / 1e6:,.0f} of {part.memory_limit / 1e6:,.0f} MB"


def _of_feeds(feeds: Iterable[FeedStatus]) -> Iterator[str]:
    for feed in feeds:
        if feed.keeps_failing:
            since = _minute(feed.last_success) if feed.last_success else "its start"
            yield (
                f"{feed.site}, feed {feed.feed}: without an answer since {since}, after "
                f"{feed.failures} tries: {feed.last_error}"
            )


def _of_sites(sites: Iterable[SiteStatus], now: datetime) -> Iterator[str]:
    for site in sites:
        waited = now - site.oldest_pending if site.oldest_pending else timedelta(0)
        if site.live is not None and waited > LONGEST_PENDING:
            minutes = waited.total_seconds() / 60
            yield f"{site.site}: a question has been pending for {minutes:.0f} minutes"
        if site.parked:
            yield f"{site.site}: questions that cannot be tagged: {site.parked}"
        training = site.last_training if site.is_trained else None
        if training is not None and training.outcome == "failed":
            yield f"{site.site}: the last training failed: {training.error}"


def _minute(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M}"
