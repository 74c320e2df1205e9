"""A site's past questions, the training corpus: read backwards from now by creation date.

Answered or not, they are stored without a tagging request. The high-water mark is the date
that has been read down to, so the feed goes on where it stopped.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from sqlalchemy import Engine

from core.clock import Clock
from core.database.engine import reading
from core.feeds import FeedName
from core.questions.store import FetchedQuestion, store
from core.settings import Settings
from poller.api import Api
from poller.client import ApiRequest
from poller.feed_state import FeedState, feed_state, record_items, succeeded
from poller.feeds import PAGE_SIZE, Cursor, Step, epoch, from_epoch
from poller.items import date_of, read_items
from poller.sites import hosts_of_others


@dataclass(frozen=True, slots=True)
class HistoryFeed:
    """All questions of a site, newest first."""

    name: ClassVar[FeedName] = "history"
    api: Api
    engine: Engine
    clock: Clock
    settings: Settings

    def step(self, site: str, cursor: Cursor | None) -> Step:
        """Read a page, store its questions, and move the mark down."""
        state = self._state(site)
        cursor = cursor or Cursor(epoch(state.mark or self.clock.now()))
        answer = self.api.ask(_request(site, cursor))
        others = hosts_of_others(self.engine, self.api.client.url, site)
        items = read_items(answer.items, site=site, polled=self.settings.feed, others=others)
        furthest = _furthest(answer.items)
        now = self.clock.now()
        with self.engine.begin() as connection:
            stored = store(connection, items.questions, now=now, request_tagging=False)
            record_items(connection, site, self.name, items, now=now)
            succeeded(
                connection,
                site,
                self.name,
                now=now,
                mark=from_epoch(cursor.second if furthest is None else furthest),
                fetched=_not_read_before(items.questions, state),
                complete=not answer.has_more,
            )
        following = None
        if answer.has_more:
            following = cursor.after(furthest, len(answer.items), onward=-1)
        return Step(following, stored.new, stored.changed, stored.requested, items.keys())

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
    return -(-questions // (PAGE_SIZE - 1))  # each page begins with the last one's last question


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


def _furthest(items: Iterable[object]) -> int | None:
    dates = (date_of(item, "creation_date") for item in items)
    return min((date for date in dates if date is not None), default=None)


def _not_read_before(questions: Iterable[FetchedQuestion], state: FeedState) -> int:
    """How many are older than the mark: a page begins with the second that the last ended with."""
    mark = state.mark
    return sum(mark is None or q.created_at is None or q.created_at < mark for q in questions)
