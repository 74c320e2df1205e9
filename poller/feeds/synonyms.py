"""Tags that a site has renamed or merged: its list of synonyms, by their dates, once a day.

One request a day, as for all that the list holds since the last; at first some more, and so once
in thirty days, as only the whole list tells which synonyms the site has removed.
https://api.stackexchange.com/docs/tag-synonyms
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from html import unescape
from typing import ClassVar

from sqlalchemy import Engine
from sqlalchemy.engine import Connection

from core.clock import Clock
from core.database.engine import reading
from core.errors import ApiContradiction
from core.feeds import FeedName
from core.questions.store import clean_text
from core.questions.tags.synonyms import (
    drop_synonyms,
    find_oldest_reading,
    read_synonyms,
    store_synonyms,
)
from core.untrusted import is_readable
from poller.api import Api
from poller.client import ApiRequest
from poller.feed_state import FeedState, feed_state, succeeded
from poller.feeds import Cursor, Step, epoch, from_epoch
from poller.feeds.order import dates_in_order, find_furthest
from poller.items import date_of

EVERY = timedelta(days=1)
WHOLE_EVERY = timedelta(days=30)
BELIEVE_GONE_BELOW = 10  # synonyms; hardly a site removes so many at once
BELIEVE_GONE_AFTER = WHOLE_EVERY + timedelta(days=3)  # without them: that is no wrong answer
GONE = "known synonyms of tags the API gives"


@dataclass(frozen=True, slots=True)
class SynonymsFeed:
    """A site's tag synonyms, the oldest first."""

    name: ClassVar[FeedName] = "synonyms"
    api: Api
    engine: Engine
    clock: Clock

    def step(self, site: str, cursor: Cursor | None) -> Step:
        """Read a page of what has come since the last, if a day has passed, and keep it."""
        now = self.clock.now()
        if cursor is None:
            state = self._state(site)
            if state.was_read_within(EVERY, now) or state.waits(EVERY, now):
                return Step(asked=False)
            cursor = self._begin(site, state, now)
        if cursor.begun is not None and now < cursor.begun:  # a clock was set back
            cursor = replace(cursor, begun=now)
        answer = self.api.ask(_request(site, cursor))
        found = dict(_synonyms(answer.items))
        latest = epoch(now + EVERY)
        dates = [date_of(item, "creation_date") for item in answer.items]
        plausible = [at for at in dates if at is not None and at <= latest]
        in_order = dates_in_order(plausible, cursor.second, onward=1)
        furthest = find_furthest(in_order, is_last=not answer.has_more)
        with self.engine.begin() as connection:
            store_synonyms(connection, site, found, now=now)
            if cursor.whole and cursor.begun is not None and not answer.has_more:
                _drop_removed(connection, site, cursor.begun)
            mark = None if furthest is None else from_epoch(furthest)
            succeeded(connection, site, self.name, now=now, mark=mark, fetched=len(found))
        following = None
        if answer.has_more:
            following = cursor.after(furthest, len(answer.items), onward=1)
        return Step(following, items=frozenset(found))

    def _begin(self, site: str, state: FeedState, now: datetime) -> Cursor:
        with reading(self.engine) as connection:
            oldest = find_oldest_reading(connection, site)
        is_due = oldest is None or oldest <= now - WHOLE_EVERY
        if state.mark is None or is_due:
            return Cursor(0, begun=now, whole=True)
        return Cursor(epoch(state.mark), begun=now)

    def _state(self, site: str) -> FeedState:
        with reading(self.engine) as connection:
            return feed_state(connection, site, self.name)


def _drop_removed(connection: Connection, site: str, begun: datetime) -> None:
    """Drop what the whole list does not hold.

    Raises:
        ApiContradiction: it lacks most of many that are known, and has not done so for days, and
            in an earlier answer: it is a wrong one, or was cut short.
    """
    oldest = find_oldest_reading(connection, site)
    state = feed_state(connection, site, SynonymsFeed.name)
    told = state.last_error_at if state.last_told(GONE) else None
    known = len(read_synonyms(connection, site))
    dropped = drop_synonyms(connection, site, read_before=begun)
    is_sudden = oldest is not None and (
        oldest > begun - BELIEVE_GONE_AFTER or told is None or told <= oldest
    )
    if is_sudden and dropped >= max(BELIEVE_GONE_BELOW, known / 2):
        left = max(known - dropped, 0) or "none"
        raise ApiContradiction(f"of {known} {GONE} {left}")


def _request(site: str, cursor: Cursor) -> ApiRequest:
    params = {
        "min": str(cursor.second),
        "order": "asc",
        "page": str(cursor.page),
        "pagesize": str(cursor.page_size),
        "sort": "creation",
    }
    return ApiRequest("tags/synonyms", site, tuple(params.items()))


def _synonyms(items: Iterable[object]) -> Iterator[tuple[str, str]]:
    """Dead tags and what they stand for; what cannot be read is left out."""
    for item in items:
        if isinstance(item, dict):
            dead, living = (_tag(item.get(field)) for field in ("from_tag", "to_tag"))
            if dead and living and dead != living:
                yield dead, living


def _tag(value: object) -> str | None:
    tag = clean_text(unescape(value)).strip() if isinstance(value, str) else ""
    return tag if is_readable(tag) else None
