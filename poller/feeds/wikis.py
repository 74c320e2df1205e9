"""What a site says of its tags: the excerpts of their wikis, a few requests a day.

A pass asks for MOST_REQUESTS times TAGS_A_REQUEST tags, so that a site of 700 tags is read in a
week, by six requests a day: two sites without a key stay within the reserve of the quota. It knows
by the table which tags are left: it can end anywhere. Where nothing is left for looking up stored
questions, none of it is asked for either (`poller/service.py`).
https://api.stackexchange.com/docs/wikis-by-tags
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from typing import ClassVar, Final

from sqlalchemy import Engine

from core.clock import Clock
from core.database.engine import reading
from core.feeds import FeedName
from core.questions.store import clean_text
from core.questions.tags.wikis import Excerpt, find_due_wikis, store_wikis
from poller.api import Api
from poller.client import ApiRequest
from poller.feed_state import feed_state, succeeded
from poller.feeds import Cursor, Step, from_epoch
from poller.items import date_of

EVERY: Final = timedelta(hours=12)
MOST_REQUESTS: Final = 3  # of a pass
TAGS_A_REQUEST: Final = 20  # the most that the API takes
LONGEST_TAG: Final = 35  # characters, on all sites
MAX_EXCERPT: Final = 2_000  # characters; the sites allow 500
_MARKUP: Final = re.compile(r"<[^<>]*>")


@dataclass(frozen=True, slots=True)
class WikisFeed:
    """The excerpts of the tags that stored questions have, the most used first."""

    name: ClassVar[FeedName] = "wikis"
    api: Api
    engine: Engine
    clock: Clock

    def step(self, site: str, cursor: Cursor | None) -> Step:
        """Ask for the next tags that are due, if half a day has passed, and keep what comes."""
        now = self.clock.now()
        with reading(self.engine) as connection:
            state = feed_state(connection, site, self.name)
            if cursor is None and state.was_read_within(EVERY, now):
                return Step(asked=False)
            due = find_due_wikis(connection, site, now=now, limit=TAGS_A_REQUEST + 1)
        tags = tuple(tag for tag in due[:TAGS_A_REQUEST] if _can_be_asked_for(tag))
        excerpts: dict[str, Excerpt] = {}
        if tags:
            answer = self.api.ask(_request(site, tags))
            excerpts = dict(_excerpts(answer.items))
        with self.engine.begin() as connection:
            store_wikis(connection, site, due[:TAGS_A_REQUEST], excerpts, now=now)
            succeeded(connection, site, self.name, now=now, fetched=len(tags))
        done = 1 if cursor is None else cursor.page
        following = None
        if len(due) > TAGS_A_REQUEST and done < MOST_REQUESTS:
            following = Cursor(0, page=done + 1)
        return Step(following, items=frozenset(due), asked=bool(tags))


def _request(site: str, tags: tuple[str, ...]) -> ApiRequest:
    # In one order: the same tags by other uses, after a restored backup, are the same request.
    asked = tuple(sorted(tags))
    return ApiRequest("tags/{tags}/wikis", site, (("pagesize", str(TAGS_A_REQUEST)),), tags=asked)


def _can_be_asked_for(tag: str) -> bool:
    """Whether a tag is made of what sites make them of, as imported ones may not be.

    `..` would be another path, and what a server refuses in a path would pause all requests.
    """
    named = any(sign.isalnum() for sign in tag)
    return named and len(tag) <= LONGEST_TAG and all(s.isalnum() or s in "+#.-" for s in tag)


def _excerpts(items: Iterable[object]) -> Iterator[tuple[str, Excerpt]]:
    """Tags and what is said of them; what cannot be read is left out."""
    for item in items:
        if not isinstance(item, dict):
            continue
        tag, text = (_text(item.get(field)) for field in ("tag_name", "excerpt"))
        if tag and text:
            edited = date_of(item, "excerpt_last_edit_date")
            yield tag, Excerpt(text, None if edited is None else from_epoch(edited))


def _text(value: object) -> str:
    """Plain text in one line, of what may hold markup and entities."""
    if not isinstance(value, str) or len(value) > MAX_EXCERPT:
        return ""
    return " ".join(clean_text(unescape(_MARKUP.sub(" ", value))).split())
