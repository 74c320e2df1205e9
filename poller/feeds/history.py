"""A site's past questions, the training corpus: read backwards from now by creation date.

Answered or not, they are stored without a tagging request. The high-water mark is the date
that has been read down to, so the feed goes on where it stopped: also where another process has
come to meanwhile, or where a restored backup had come to. It stays before a page that holds an item
which does not say which question it is, and the page is asked for again, as often as is worth it:
the API allows that once a minute. An item of a wrong date carries it past nothing: pages overlap by
two, and where the next one holds neither, as both are dated wrong, the mark goes back.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import ClassVar

from sqlalchemy import Engine
from sqlalchemy.engine import Connection

from core.clock import Clock
from core.database.engine import reading
from core.errors import ApiContradiction, DatabaseUnreachable
from core.feeds import FeedName
from core.questions.store import FetchedQuestion, store
from core.settings import Settings
from poller.api import Api
from poller.client import ApiRequest
from poller.feed_state import FeedState, feed_state, record_items, succeeded
from poller.feeds import PAGE_SIZE, Cursor, Step, epoch, from_epoch
from poller.feeds.order import OVERLAP, dates_in_order, find_furthest
from poller.feeds.rereading import MAX_REREADS, log_given_up
from poller.items import Items, date_of, read_items
from poller.sites import hosts_of_others

BELIEVE_EMPTY_AFTER = 2  # failures; that it was empty pauses for a quarter of an hour
EMPTY = "the API gives none of the site's past questions, or of those that are left"


@dataclass(frozen=True, slots=True)
class HistoryFeed:
    """All questions of a site, newest first."""

    name: ClassVar[FeedName] = "history"
    api: Api
    engine: Engine
    clock: Clock
    settings: Settings
    _rereads: dict[str, int] = field(default_factory=dict)  # by site, of the page it is at

    def step(self, site: str, cursor: Cursor | None) -> Step:
        """Read a page, store its questions, and move the mark down."""
        state = self._state(site)
        if cursor is None or cursor.mark != state.mark:  # which others have moved
            cursor = Cursor(epoch(state.mark or self.clock.now()), mark=state.mark)
        answer = self.api.ask(_request(site, cursor))
        others = hosts_of_others(self.engine, self.api.client.url, site)
        items = read_items(answer.items, site=site, polled=self.settings.feed, others=others)
        dates = [date_of(item, "creation_date") for item in answer.items]
        in_order = dates_in_order(dates, cursor.second, onward=-1)
        furthest = find_furthest(in_order, is_last=not answer.has_more)
        is_torn = cursor.page == 1 and not cursor.overlap & items.keys()
        back = cursor.back if is_torn else None
        if not answer.items and back is None and cursor.page == 1:
            _check_end(state)
        now = self.clock.now()
        with self.engine.begin() as connection:
            self._require_mark(connection, site, cursor.mark)
            stored = store(connection, items.questions, now=now, request_tagging=False)
            worth_another = record_items(connection, site, self.name, items, now=now)
            again = worth_another and self._rereads.get(site, 0) < MAX_REREADS
            reached = from_epoch(cursor.second if furthest is None else furthest)
            next_begins = reached if answer.has_more else None
            if back is not None:
                reached = from_epoch(back)
            succeeded(
                connection,
                site,
                self.name,
                now=now,
                mark=None if again else reached,
                fetched=0 if again else _newly_read(items.questions, state.mark, next_begins),
                complete=not (answer.has_more or again or back is not None),
            )
        following = cursor if again else None
        if answer.has_more and not again and (back is None or not answer.items):
            following = cursor.after(furthest, len(answer.items), onward=-1)
            polled, last = self.settings.feed, answer.items[-OVERLAP:]
            overlap = read_items(last, site=site, polled=polled, others=others).keys()
            back = _middle(dates, furthest, cursor.second)
            following = replace(following, overlap=overlap, back=back, mark=reached)
        self._count(site, items, again=again)
        counts = stored.new, stored.changed, stored.requested
        return Step(following, *counts, items.keys(), again=again)

    def _require_mark(self, connection: Connection, site: str, mark: datetime | None) -> None:
        """Refuse to move a mark that is not where it was before the request.

        Raises:
            DatabaseUnreachable: an older backup was brought back meanwhile: what lies between its
                mark and this page is to be read once more.
        """
        if feed_state(connection, site, self.name).mark != mark:
            told = f"{site}, {self.name}: the mark was moved, as by a restored backup"
            raise DatabaseUnreachable(f"{told}; reading on from where it stands now")

    def _count(self, site: str, items: Items, *, again: bool) -> None:
        """Count how often the page is read again, and tell where that was in vain."""
        if again:
            self._rereads[site] = self._rereads.get(site, 0) + 1
            return
        times = self._rereads.pop(site, 0)
        if times and items.unidentified:
            log_given_up(site, self.name, times)

    def remaining(self, site: str) -> int:
        """How many questions are still to be read, at most."""
        state = self._state(site)
        return 0 if state.complete else max(0, self.settings.history_questions - state.fetched)

    def fetched(self, site: str) -> int:
        """How many questions have been read."""
        return self._state(site).fetched

    def _state(self, site: str) -> FeedState:
        with reading(self.engine) as connection:
            return feed_state(connection, site, self.name)


def requests_for(questions: int) -> int:
    """How many requests that many questions take."""
    return -(-questions // (PAGE_SIZE - 2))  # each page begins with the last one's last two


def _check_end(state: FeedState) -> None:
    """Believe that a list is empty from the mark on only where it stays so.

    It begins with what the mark is of, or with the newest question, and ends for good with its
    last page. What failed otherwise, as while the API was away, says nothing of it.

    Raises:
        ApiContradiction: it has not been so for long.
    """
    if state.failures < BELIEVE_EMPTY_AFTER or not state.last_told(EMPTY):
        raise ApiContradiction(EMPTY)


def _request(site: str, cursor: Cursor) -> ApiRequest:
    params = {
        "filter": "withbody",
        "order": "desc",
        "page": str(cursor.page),
        "pagesize": str(cursor.page_size),
        "sort": "creation",
        "todate": str(cursor.second),
    }
    return ApiRequest("questions", site, tuple(params.items()))


def _middle(dates: Iterable[int | None], furthest: int | None, second: int) -> int | None:
    """The date in the middle of a page, to read on from where the next one holds none of its last.

    Those are dated wrong then, which the page from there on tells, as they stand within it. The
    middle of all dates, of which fewer than half are wrong, lies among the right ones. It is
    earlier than the page's own, so no answer makes the history read the same for ever.
    """
    within = sorted(date for date in dates if date is not None and date <= second)
    middle = within[len(within) // 2] if len(within) >= OVERLAP else None
    is_between = furthest is not None and middle is not None and furthest < middle < second
    return middle if is_between else None


def _newly_read(
    questions: Iterable[FetchedQuestion], mark: datetime | None, next_begins: datetime | None
) -> int:
    """How many of a page's questions the pages before did not hold, but for those of the next one.

    Args:
        questions: the page's.
        mark: down to which was read before, and with which the page begins.
        next_begins: with which the next one begins; None where there is none.
    """
    dates = [question.created_at for question in questions if question.created_at is not None]
    return sum(
        (mark is None or date < mark) and (next_begins is None or next_begins <= date)
        for date in dates
    )
