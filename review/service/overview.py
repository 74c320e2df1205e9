"""All that the service page shows of a site."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy.engine import Connection

from core.agreement.drift import FoundDrift, live_drifts
from core.agreement.live import DayAgreement, daily_agreement
from core.database.engine import reading
from core.service.feeds import FeedStatus, QuotaStatus, feed_status, quota_status
from core.service.killed import KilledStatus, killed_statuses
from core.service.runs import RunRow, list_runs
from core.service.signs import last_signs
from core.service.status import SiteStatus, site_statuses
from core.settings import Settings
from review.service.throughput import predictions_by_day
from review.web.context import Context

KEPT_SECONDS: Final = 10
MOST_RUNS: Final = 20

AGREEMENT_DAYS = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Overview:
    """How a site is doing; what concerns all of them stands in it too.

    Attributes:
        at: when this was read.
        sites: all of them.
        days: predictions by day.
        agreement: by version and day, of the last ninety days.
        signs: when each worker and the scheduler last wrote that it gets on.
    """

    at: datetime
    sites: list[SiteStatus]
    days: dict[date, int]
    agreement: list[DayAgreement]
    drifts: list[FoundDrift]
    feeds: list[FeedStatus]
    quotas: list[QuotaStatus]
    killed: list[KilledStatus]
    signs: dict[str, datetime]
    runs: list[RunRow]

    def of_site(self, name: str) -> SiteStatus | None:
        """The state of one site."""
        return next((site for site in self.sites if site.site == name), None)


def read_overview(
    connection: Connection, site: str, settings: Settings, *, now: datetime
) -> Overview:
    """Read it all, in the caller's transaction."""
    since = (now - AGREEMENT_DAYS).date()
    agreement = [d for d in daily_agreement(connection) if d.site == site and d.day >= since]
    return Overview(
        at=now,
        sites=site_statuses(connection, settings, now=now),
        days=predictions_by_day(connection, site, now=now),
        agreement=agreement,
        drifts=[one for one in live_drifts(connection) if one.site == site],
        feeds=feed_status(connection, sites=(site,), polled=settings.feed, now=now),
        quotas=quota_status(connection),
        killed=killed_statuses(connection, now=now),
        signs=last_signs(connection),
        runs=list_runs(connection, site, limit=MOST_RUNS),
    )


def overview_of(context: Context, site: str) -> Overview:
    """What the page and the API show, some seconds old at most."""

    def read() -> Overview:
        with reading(context.engine) as connection:
            return read_overview(connection, site, context.settings, now=context.clock.now())

    return context.memo.get(("overview", site), KEPT_SECONDS, read)
