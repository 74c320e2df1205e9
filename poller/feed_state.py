"""What a feed leaves in the database: how far it has come, what it failed with, what it skipped."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select
from sqlalchemy.engine import Connection

from core.clock import CLOCK_SET_BACK
from core.database.api_tables import FeedRow, SkippedItem
from core.database.engine import dialect_insert
from poller.items import Items, UnreadableItem

log = logging.getLogger(__name__)

MAX_TRIES = 5  # to get a skipped item after all
KEPT_UNIDENTIFIED = timedelta(days=30)  # nothing ever says that one has come right


@dataclass(frozen=True, slots=True)
class FeedState:
    """A feed's row; that of a feed which never ran says so in every field.

    Attributes:
        mark: the high-water mark: the date up to which (history: down to which) it has been read.
        fetched: questions so far.
        complete: there is nothing beyond.
        attempted_at: when the last request was made.
        failures: of requests, in a row.
        retry_at: when the next request is due after a failure.
        last_error: what the last failure told, also where another request was answered since.
        last_error_at: when that was.
    """

    mark: datetime | None = None
    fetched: int = 0
    complete: bool = False
    attempted_at: datetime | None = None
    failures: int = 0
    retry_at: datetime | None = None
    last_error: str | None = None
    last_error_at: datetime | None = None

    def was_read_within(self, span: timedelta, now: datetime) -> bool:
        """Whether the last request was answered so short ago; not by a clock that was set back."""
        last = self.attempted_at
        return not self.failures and last is not None and now - span < last <= now

    def waits(self, most: timedelta, now: datetime) -> bool:
        """Whether a failure's pause, of so long at most, is not over."""
        return self.retry_at is not None and now < self.retry_at <= now + most

    def last_told(self, what: str) -> bool:
        """Whether the last failure told this."""
        return what in (self.last_error or "")


def feed_states(connection: Connection, site: str) -> dict[str, FeedState]:
    """A site's feeds that have run, by name."""
    rows = connection.execute(
        select(
            FeedRow.feed,
            FeedRow.mark,
            FeedRow.fetched,
            FeedRow.complete,
            FeedRow.attempted_at,
            FeedRow.failures,
            FeedRow.retry_at,
            FeedRow.last_error,
            FeedRow.last_error_at,
        ).where(FeedRow.site == site)
    )
    return {row.feed: FeedState(*row[1:]) for row in rows}


def feed_state(connection: Connection, site: str, feed: str) -> FeedState:
    """One feed's state."""
    return feed_states(connection, site).get(feed, FeedState())


def succeeded(
    connection: Connection,
    site: str,
    feed: str,
    *,
    now: datetime,
    mark: datetime | None = None,
    fetched: int = 0,
    complete: bool = False,
) -> None:
    """Record a request that was answered; commit it together with what the answer brought.

    Args:
        connection: in a transaction.
        site: its name.
        feed: its name.
        now: UTC.
        mark: the high-water mark, up to which the feed has been read; None leaves it.
        fetched: how many questions more it has read.
        complete: there is nothing beyond.
    """
    insert = dialect_insert(connection, FeedRow)
    statement = insert.values(
        site=site,
        feed=feed,
        mark=mark,
        fetched=fetched,
        complete=complete,
        attempted_at=now,
        last_success=now,
        failures=0,
    ).on_conflict_do_update(
        index_elements=["site", "feed"],
        set_={
            "mark": func.coalesce(insert.excluded.mark, FeedRow.mark),
            "fetched": FeedRow.fetched + insert.excluded.fetched,
            "complete": insert.excluded.complete,
            "attempted_at": now,
            "last_success": now,
            "failures": 0,
            "retry_at": None,
        },
    )
    connection.execute(statement)


def failed(
    connection: Connection, site: str, feed: str, *, now: datetime, error: str, retry_at: datetime
) -> None:
    """Record a request that came to nothing, and when the next one is due."""
    values = {"attempted_at": now, "last_error": error, "last_error_at": now, "retry_at": retry_at}
    insert = dialect_insert(connection, FeedRow).values(site=site, feed=feed, failures=1, **values)
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["site", "feed"], set_={**values, "failures": FeedRow.failures + 1}
        )
    )


def forget_unread(connection: Connection, site: str, feed: str) -> None:
    """Drop the row of a feed of which nothing was ever read, as of a site that is none."""
    unread = FeedRow.last_success.is_(None)
    connection.execute(delete(FeedRow).where(FeedRow.site == site, FeedRow.feed == feed, unread))


def record_items(
    connection: Connection, site: str, feed: str, items: Items, *, now: datetime
) -> bool:
    """Record an answer's unreadable items, and drop the record of those that have come right.

    Those without a number are dropped when they were not met for long.

    Returns:
        Whether one of them has no number, and was not met as often as is worth it.
    """
    times = [_record_skipped(connection, site, feed, item, now) for item in items.skipped]
    forget_skipped(connection, site, [question.question_id for question in items.questions])
    _forget_unidentified(connection, site, before=now - KEPT_UNIDENTIFIED)
    met = zip(items.skipped, times, strict=True)
    return any(item.question_id is None and often <= MAX_TRIES for item, often in met)


def _record_skipped(
    connection: Connection, site: str, feed: str, item: UnreadableItem, now: datetime
) -> int:
    """Record an unreadable item, and return how often it was met."""
    insert = dialect_insert(connection, SkippedItem).values(
        site=site,
        item=item.item,
        question_id=item.question_id,
        feed=feed,
        reason=item.reason,
        first_seen=now,
        last_seen=now,
        times=1,
    )
    statement = insert.on_conflict_do_update(
        index_elements=["site", "item"],
        set_={"last_seen": now, "reason": item.reason, "times": SkippedItem.times + 1},
    ).returning(SkippedItem.times)
    times = int(connection.execute(statement).scalar_one())
    if times == 1:
        which = f"question {item.question_id}" if item.question_id else "an item without a number"
        log.warning("%s, %s: skipped %s: %s", site, feed, which, item.reason)
    return times


def forget_skipped(connection: Connection, site: str, question_ids: Iterable[int]) -> None:
    """Drop the record of skipped questions that have been read since, or are gone."""
    ids = sorted(question_ids)
    if ids:
        connection.execute(
            delete(SkippedItem).where(SkippedItem.site == site, SkippedItem.question_id.in_(ids))
        )


def _forget_unidentified(connection: Connection, site: str, *, before: datetime) -> None:
    chosen = (SkippedItem.question_id.is_(None), SkippedItem.last_seen < before)
    connection.execute(delete(SkippedItem).where(SkippedItem.site == site, *chosen))


def skipped_to_retry(
    connection: Connection, site: str, *, before: datetime, now: datetime
) -> dict[int, str]:
    """Up to fifty skipped questions to ask for again, last seen before a time: number and feed."""
    is_due = or_(SkippedItem.last_seen < before, SkippedItem.last_seen > now + CLOCK_SET_BACK)
    rows = connection.execute(
        select(SkippedItem.question_id, SkippedItem.feed)
        .where(SkippedItem.site == site, SkippedItem.question_id.is_not(None))
        .where(is_due, SkippedItem.times < MAX_TRIES)
        .order_by(SkippedItem.last_seen)
        .limit(50)
    )
    return {row.question_id: row.feed for row in rows}
