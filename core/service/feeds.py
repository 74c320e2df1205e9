"""The feeds' state for people: high-water marks, errors, pauses and quota, from the database."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from core.database.api_tables import ApiClient, ApiPause, ApiSite, FeedRow, SkippedItem
from core.feeds import FEEDS, FeedName, method_of
from core.settings import PolledQuestions, Settings

TROUBLE_FROM: Final = 2  # failures in a row
# For which a site counts as polled that the settings do not name: for as long the alert
# TaggerFeedSilent waits, which a demo that was stopped is not to fire.
ASKED_LATELY: Final = timedelta(hours=2)

_Pauses = dict[tuple[str, str, str], tuple[datetime, str]]  # by client, site and method


@dataclass(frozen=True, slots=True)
class FeedStatus:
    """How far one feed of a site has come. Times are UTC.

    Attributes:
        mark: its high-water mark: the creation date (live, history) or activity (changed) that has
            been read up to, or down to for the history.
        fetched: questions that it has brought so far.
        complete: the history has come to the site's first question.
        failures: requests in a row that came to nothing.
        retry_at: when the next request is due after a failure.
        paused_until: when the API allows its next request; None where no pause is in force.
        pause_reason: why it is paused.
        client: that asks for it, by the API's host and its key; None where nothing says so.
    """

    site: str
    feed: FeedName
    mark: datetime | None
    fetched: int
    complete: bool
    last_success: datetime | None
    last_error: str | None
    last_error_at: datetime | None
    failures: int
    retry_at: datetime | None
    paused_until: datetime | None
    pause_reason: str | None
    client: str | None = None

    @property
    def keeps_failing(self) -> bool:
        """Whether it fails again and again: a single failure is no trouble."""
        return self.failures >= TROUBLE_FROM

    def is_asked_for(self, now: datetime) -> bool:
        """Whether a poller has asked for it lately, or is to do so after a failure."""
        moments = (self.last_success, self.last_error_at, self.retry_at)
        return any(at is not None and at > now - ASKED_LATELY for at in moments)


@dataclass(frozen=True, slots=True)
class QuotaStatus:
    """Requests a day and left today, for one key of one API, as it last said.

    Attributes:
        client: the API's host, and which key; shows no key.
        told_at: when the API said so; None where it has not yet.
    """

    client: str
    maximum: int | None
    remaining: int | None
    told_at: datetime | None


def polled_feeds(connection: Connection, settings: Settings, *, now: datetime) -> list[FeedStatus]:
    """The feeds that are to get on: not those of sites that nobody polls any more.

    Polled are the sites of the settings, and others for which a poller of its own settings asks,
    as that of a demo. Where nobody has set the sites, nothing tells what is not.

    Args:
        connection: reads only.
        settings: name the sites.
        now: UTC.
    """
    feeds = feed_status(connection, polled=settings.feed, now=now)
    if "sites" not in settings.model_fields_set:
        return feeds
    polled = {*settings.sites, *(feed.site for feed in feeds if feed.is_asked_for(now))}
    return [feed for feed in feeds if feed.site in polled]


def feed_status(
    connection: Connection, *, sites: tuple[str, ...] = (), polled: PolledQuestions, now: datetime
) -> list[FeedStatus]:
    """Each feed that has run, by site and in the feeds' order.

    Args:
        connection: reads only.
        sites: only these; all where none is named.
        polled: the setting FEED, which says what the live feed asks.
        now: UTC; pauses that are over are left out.
    """
    query = select(
        FeedRow.site,
        FeedRow.feed,
        FeedRow.mark,
        FeedRow.fetched,
        FeedRow.complete,
        FeedRow.last_success,
        FeedRow.last_error,
        FeedRow.last_error_at,
        FeedRow.failures,
        FeedRow.retry_at,
    )
    if sites:
        query = query.where(FeedRow.site.in_(sites))
    pauses = _pauses(connection, now)
    rows = [row for row in connection.execute(query).mappings() if row["feed"] in FEEDS]
    clients = dict(connection.execute(select(ApiSite.site, ApiSite.client)).all())
    return [
        _status(dict(row), clients.get(row["site"]), polled, pauses)
        for row in sorted(rows, key=lambda row: (row["site"], FEEDS.index(row["feed"])))
    ]


def _status(
    row: dict[str, Any], client: str | None, polled: PolledQuestions, pauses: _Pauses
) -> FeedStatus:
    pause = _pause_of(client, method_of(row["feed"], polled), row["site"], pauses)
    return FeedStatus(**row, **pause, client=client)


def quota_status(connection: Connection) -> list[QuotaStatus]:
    """The quota of each key that has been used, the last used one first."""
    rows = connection.execute(
        select(
            ApiClient.client, ApiClient.quota_max, ApiClient.quota_remaining, ApiClient.quota_at
        ).order_by(ApiClient.requested_at.desc())
    )
    return [QuotaStatus(*row) for row in rows]


def skipped_counts(connection: Connection) -> dict[str, int]:
    """How many items each site's answers hold that cannot be read as questions."""
    counts = select(SkippedItem.site, func.count().label("items")).group_by(SkippedItem.site)
    return {row.site: row.items for row in connection.execute(counts)}


def _pauses(connection: Connection, now: datetime) -> _Pauses:
    """The pauses that hold, by client, site and method."""
    rows = connection.execute(
        select(
            ApiPause.client, ApiPause.site, ApiPause.method, ApiPause.until, ApiPause.reason
        ).where(ApiPause.holds(now))
    )
    return {(row.client, row.site, row.method): (row.until, row.reason) for row in rows}


def _pause_of(client: str | None, method: str, site: str, pauses: _Pauses) -> dict[str, Any]:
    """The longest pause that holds for a feed: its method's, or the one for everything.

    Args:
        client: that asks for the site; None where that was not written down yet, as by earlier
            versions, which had one client: any client's pause holds then.
        method: of the API, that the feed asks.
        site: whose feed.
        pauses: by client, site and method.
    """
    found = [
        pause
        for (of, where, what), pause in pauses.items()
        if client in (None, of) and (where, what) in ((site, method), ("", ""))
    ]
    until, reason = max(found) if found else (None, None)
    return {"paused_until": until, "pause_reason": reason}
