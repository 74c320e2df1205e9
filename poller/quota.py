"""The quota plan: how today's quota is shared among the feeds.

New questions come first, changed ones second, refreshing third, and history takes what is left. The
live feed's interval is what the quota allows for a whole day, so that it lasts: three sites without
a key share 300 requests.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

DAY = 86_400.0
QUOTA_WITHOUT_KEY = 300  # https://api.stackexchange.com/docs/throttle; answers tell what holds
QUOTA_WITH_KEY = 10_000

RESERVE = 0.05  # of the day's quota, for what no plan foresees
REQUESTS_A_PASS = 1.2  # second pages and repeated requests included
REFRESH_SECONDS = 900.0  # between two hundreds of questions that are looked up again


@dataclass(frozen=True, slots=True)
class Quota:
    """Requests a day, those that are left today, and for how many seconds they are to last."""

    maximum: int
    remaining: int
    seconds_left: float


@dataclass(frozen=True, slots=True)
class QuotaShares:
    """Which part of a day's quota each feed may claim; the rest is history's."""

    live: float
    changed: float
    refresh: float


WITH_HISTORY = QuotaShares(live=0.5, changed=0.1, refresh=0.1)
WITHOUT_HISTORY = QuotaShares(live=0.7, changed=0.15, refresh=0.1)


@dataclass(frozen=True, slots=True)
class QuotaPlan:
    """What the quota allows each site now.

    Attributes:
        live_seconds: from one pass over the new questions to the next.
        changed_seconds: the same for the changed ones; infinite where none is allowed today.
        refresh_seconds: the same for looking up a hundred stored questions.
        history_requests: how many may be spent on history now, all sites together.
    """

    live_seconds: float
    changed_seconds: float
    refresh_seconds: float
    history_requests: int


def plan_quota(
    quota: Quota, *, sites: int, poll_seconds: float, changed_seconds: float, history: bool
) -> QuotaPlan:
    """Share out what is left of a day's quota.

    Args:
        quota: as the API's answers tell it.
        sites: how many are polled.
        poll_seconds: the configured interval of the live feed.
        changed_seconds: the configured interval of the changed feed.
        history: whether some site's history is still to be fetched.
    """
    shares = WITH_HISTORY if history else WITHOUT_HISTORY
    left = float(quota.remaining)
    live, used = _interval(poll_seconds, shares.live, left, quota, sites)
    left -= used + quota.maximum * RESERVE
    changed, used = _interval(changed_seconds, shares.changed, left, quota, sites)
    left -= used
    refresh, used = _interval(REFRESH_SECONDS, shares.refresh, left, quota, sites)
    left -= used
    return QuotaPlan(live, changed, refresh, max(0, math.floor(left)))


def _interval(
    configured: float, share: float, left: float, quota: Quota, sites: int
) -> tuple[float, float]:
    """Seconds between two passes of a site, and the requests that this takes until the reset."""
    if left <= 0 or quota.maximum <= 0:
        return math.inf, 0.0
    even = sites * DAY * REQUESTS_A_PASS / (quota.maximum * share)  # what a whole day allows
    seconds = max(configured, even)
    used = sites * quota.seconds_left * REQUESTS_A_PASS / seconds
    if used > left:
        return seconds * used / left, left
    return seconds, used


def next_reset(now: datetime) -> datetime:
    """When the quota is renewed: at midnight UTC."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
