"""New and changed questions: read upwards by date, each pass from a little before the mark on.

`order=asc` from a date on, always page 1, and the next request begins with the date of one of the
last items (`order.py`): so nothing moves past the reader while it reads. The overlap catches what
the API shows late, and the mark stays behind by as long as the pass took: what a page was too early
to show may be older than what a later page of the same pass holds. It stays before an item that
does not say which question it is (`rereading.py`).
Of the schemes that were measured, only this one missed nothing (docs/polling.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import inf

from sqlalchemy import Engine
from sqlalchemy.engine import Connection

from core.clock import Clock
from core.database.engine import reading
from core.errors import ApiUnavailable, ApiUnreachable, DatabaseUnreachable
from core.feeds import FeedName, method_of
from core.questions.store import store
from core.settings import Settings
from poller.api import Api
from poller.client import ApiAnswer, ApiRequest
from poller.feed_state import feed_state, record_items, succeeded
from poller.feeds import Cursor, Step, epoch, from_epoch
from poller.feeds.order import dates_in_order, find_furthest
from poller.feeds.rereading import Rereading
from poller.items import date_of, read_items
from poller.sites import hosts_of_others

OVERLAP_SECONDS = 120  # questions were seen to appear up to 90 s late
CLOCKS_DIFFER_SECONDS = 86_400  # at most, ours and the API's
# Items of a page that the next one holds, too: as many at its end, but for one, may be dated wrong,
# as by an activity that came after the list was put in order. Most passes have one page.
OVERLAP_ITEMS = 10


@dataclass(frozen=True, slots=True)
class AscendingFeed:
    """A list of questions that grows at its end.

    Attributes:
        name: as it stands in the table `feeds`.
        sort: `creation` or `activity`.
        date: the field of an item that it sorts by.
        bound: the parameter that names the date to begin with.
        rereading: what is to be read again.
        read: the sites whose last answer was read, with the mark that it has left: none where a
            process has just begun.
    """

    name: FeedName
    sort: str
    date: str
    bound: str
    api: Api
    engine: Engine
    clock: Clock
    settings: Settings
    rereading: Rereading
    read: dict[str, datetime | None] = field(default_factory=dict)

    def step(self, site: str, cursor: Cursor | None) -> Step:
        """Read a page, store its questions, request their tagging, and move the high-water mark."""
        try:
            return self._step(site, cursor)
        except (DatabaseUnreachable, ApiUnreachable, ApiUnavailable):
            self.read.pop(site, None)  # an answer may have come, and is lost
            raise

    def _step(self, site: str, cursor: Cursor | None) -> Step:
        begun = self.clock.now()
        if cursor is None:
            cursor = self._beginning(site, begun)
        answer = self.api.ask(self._request(site, cursor))
        others = hosts_of_others(self.engine, self.api.client.url, site)
        items = read_items(answer.items, site=site, polled=self.settings.feed, others=others)
        now = self.clock.now()
        dates = self._dates(answer, now)
        confirmed = _confirmed(answer, dates, cursor.second, now)
        with self.engine.begin() as connection:
            stored = store(connection, items.questions, now=now, request_tagging=True)
            worth_another = record_items(connection, site, self.name, items, now=now)
            took = max(begun - (cursor.begun or begun), timedelta(0))  # a clock may be set back
            cursor = replace(cursor, clean=cursor.clean and not items.unidentified)
            if worth_another:
                self.rereading.hold(site)
            mark = self._marked(connection, site, cursor, confirmed, took)
            if cursor.again and not answer.has_more:
                mark = self.rereading.end(site, clean=cursor.clean) or mark
            succeeded(connection, site, self.name, now=now, mark=mark, fetched=stored.new)
        self.read[site] = mark
        following = None
        if answer.has_more:
            furthest = confirmed
            if confirmed is None or confirmed <= cursor.second:
                in_order = dates_in_order(dates, cursor.second, onward=1)
                furthest = _find_furthest(in_order)
            following = replace(cursor.after(furthest, len(answer.items), onward=1), mark=mark)
        return Step(following, stored.new, stored.changed, stored.requested, items.keys())

    def _beginning(self, site: str, now: datetime) -> Cursor:
        with reading(self.engine) as connection:
            mark = self._mark(connection, site)
        begin, again = self.rereading.begin(site, mark)
        if begin is None:
            begin = now - timedelta(days=self.settings.first_poll_days)
        second = max(0, epoch(begin) - OVERLAP_SECONDS)
        return self._unlike(site, Cursor(second, begun=now, again=again, mark=mark))

    def _unlike(self, site: str, cursor: Cursor) -> Cursor:
        """Begin earlier still where the same was asked within the last minute, and is not stored.

        Whoever asked was killed, or could not keep or read the answer, or a backup was brought back
        since: so the question is asked anew at once, and is another, since the API wants no
        identical one within a minute.
        """
        if site in self.read and not _went_back(self.read[site], cursor.mark):
            return cursor
        while cursor.second > 0 and self.api.rate_limit.was_asked(self._request(site, cursor)):
            cursor = replace(cursor, second=cursor.second - 1)
        return cursor

    def _mark(self, connection: Connection, site: str) -> datetime | None:
        """The high-water mark, but for one that only a clock which was far ahead can have set."""
        mark = feed_state(connection, site, self.name).mark
        latest = self.clock.now() + timedelta(seconds=CLOCKS_DIFFER_SECONDS)
        return None if mark is None or mark > latest else mark

    def _request(self, site: str, cursor: Cursor) -> ApiRequest:
        params = {
            "filter": "withbody",
            "order": "asc",
            "page": str(cursor.page),
            "pagesize": str(cursor.page_size),
            "sort": self.sort,
            self.bound: str(cursor.second),
        }
        return ApiRequest(method_of(self.name, self.settings.feed), site, tuple(params.items()))

    def _dates(self, answer: ApiAnswer, now: datetime) -> list[int]:
        """The dates of a page, but for those that no two clocks are apart by."""
        latest = epoch(now) + CLOCKS_DIFFER_SECONDS
        dates = (date_of(item, self.date) for item in answer.items)
        return [date for date in dates if date is not None and date <= latest]

    def _marked(
        self,
        connection: Connection,
        site: str,
        cursor: Cursor,
        furthest: int | None,
        took: timedelta,
    ) -> datetime | None:
        """Where the high-water mark stands after a page: before what is to be read again.

        Raises:
            DatabaseUnreachable: it is not the one that the pass has left: an older backup was
                brought back meanwhile, and what lies between is to be read once more.
        """
        mark = self._mark(connection, site)
        if _went_back(cursor.mark, mark):
            told = f"{site}, {self.name}: the mark went back, as by a restored backup"
            raise DatabaseUnreachable(f"{told}; reading on from where it stands now")
        reached = self._reached(mark, cursor, furthest, took)
        return self.rereading.held(
            site, mark or from_epoch(cursor.second + OVERLAP_SECONDS), reached
        )

    def _reached(
        self, mark: datetime | None, cursor: Cursor, furthest: int | None, took: timedelta
    ) -> datetime | None:
        """Where the high-water mark would stand by a page's dates. It never goes back.

        The API's time when the pass was begun is not before `furthest - took`, however far our
        clock and its are apart: and what the first page was too early to show is at most
        `OVERLAP_SECONDS` older than that.
        """
        if mark is None and furthest is None:
            return from_epoch(cursor.second + OVERLAP_SECONDS)
        if furthest is None:
            return mark
        reached = from_epoch(furthest) - took
        return reached if mark is None else max(mark, reached)


def _confirmed(answer: ApiAnswer, dates: Sequence[int], second: int, now: datetime) -> int | None:
    """The date that a page has come to, as far as its order and its header confirm it.

    Args:
        answer: the page.
        dates: of its items.
        second: that was asked for, with all behind it.
        now: by our clock.
    """
    by_header = _latest_by_header(answer, now)
    sent = [date for date in dates if date <= by_header]
    if not answer.has_more:  # nothing lies behind it
        return max(sent, default=None)
    return _find_furthest(dates_in_order(sent, second, onward=1))


def _find_furthest(in_order: Sequence[int]) -> int | None:
    return find_furthest(in_order, is_last=False, overlap=OVERLAP_ITEMS)


def _latest_by_header(answer: ApiAnswer, now: datetime) -> float:
    """The latest date that an answer can hold, by its own header `Date`.

    It bounds the mark, which an item that is dated ahead would carry past all until then. A pass
    that has come so far goes on without it, or would ask for the same for ever where the header
    lags. One that is more than a day from our clock bounds nothing, or no mark would move again.
    """
    sent_at = answer.sent_at
    if sent_at is None or abs((sent_at - now).total_seconds()) > CLOCKS_DIFFER_SECONDS:
        return inf
    return epoch(sent_at) + OVERLAP_SECONDS


def _went_back(left: datetime | None, found: datetime | None) -> bool:
    """Whether a high-water mark is an earlier one than was left."""
    return left is not None and (found is None or found < left)


def live_feed(api: Api, engine: Engine, clock: Clock, settings: Settings) -> AscendingFeed:
    """New questions, by creation date."""
    return AscendingFeed(
        name="live",
        sort="creation",
        date="creation_date",
        bound="fromdate",
        api=api,
        engine=engine,
        clock=clock,
        settings=settings,
        rereading=Rereading("live", clock),
    )


def changed_feed(api: Api, engine: Engine, clock: Clock, settings: Settings) -> AscendingFeed:
    """Edited and retagged questions and those that count as unanswered again, by activity."""
    return AscendingFeed(
        name="changed",
        sort="activity",
        date="last_activity_date",
        bound="min",
        api=api,
        engine=engine,
        clock=clock,
        settings=settings,
        rereading=Rereading("changed", clock),
    )
