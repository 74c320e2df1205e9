"""What has become of stored questions: looked up by number, a hundred at a time.

Those that are answered, closed, migrated or deleted by now stay and are marked; migrated and
deleted ones are neither tagged nor offered for review. Skipped questions that have a number are
asked for again here too.
"""

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import Engine, Select, and_, exists, not_, or_, select, update
from sqlalchemy.engine import Connection

from core.clock import CLOCK_SET_BACK, Clock
from core.database.engine import reading
from core.database.review_tables import Review
from core.database.tables import Prediction, Question, TaggingRequest
from core.errors import ApiContradiction
from core.feeds import FeedName
from core.questions.gone import mark_deleted
from core.questions.lifecycle import is_requested
from core.questions.lock_order import lock_in_order, lock_requests_in_order
from core.questions.store import FetchedQuestion, store
from core.settings import Settings
from core.wording import counted
from poller.api import Api
from poller.client import ApiRequest
from poller.feed_state import forget_skipped, record_items, skipped_to_retry, succeeded
from poller.feeds import PAGE_SIZE, Cursor, Step
from poller.items import Items, read_items

log = logging.getLogger(__name__)

RETRY_SKIPPED = timedelta(hours=1)
# Long enough for a question that is undeleted, or for an answer of the API that was wrong.
BELIEVE_DELETED_AFTER = timedelta(days=7)
BELIEVE_ALL_GONE_BELOW = 10  # questions; where more are gone at once, the answer is wrong


@dataclass(frozen=True, slots=True)
class RefreshFeed:
    """Questions that are or may be offered for review, the longest unseen first."""

    name: ClassVar[FeedName] = "refresh"
    api: Api
    engine: Engine
    clock: Clock
    settings: Settings

    def step(self, site: str, cursor: Cursor | None = None) -> Step:  # noqa: ARG002 (no pages here)
        """Look up a hundred questions, if any are due."""
        now = self.clock.now()
        with reading(self.engine) as connection:
            skipped = skipped_to_retry(connection, site, before=now - RETRY_SKIPPED, now=now)
            stored = self._due(connection, site, now, limit=PAGE_SIZE - len(skipped))
        asked = sorted({*skipped, *stored})
        if not asked:
            with self.engine.begin() as connection:
                succeeded(connection, site, self.name, now=now)
            return Step(asked=False)
        answer = self.api.ask(_request(site, asked))
        items = read_items(_asked_for(answer.items, asked), site=site, polled=self.settings.feed)
        if not answer.items and len(asked) >= BELIEVE_ALL_GONE_BELOW:
            raise ApiContradiction(f"of {len(asked)} stored questions the API gives none")
        return self._keep(site, asked, skipped, items)

    def _due(self, connection: Connection, site: str, now: datetime, *, limit: int) -> list[int]:
        """Numbers of the questions that have gone unseen for too long, and of the next ones.

        One request costs the same for one question as for a hundred: it is made when one is due.
        """
        unseen = now - timedelta(hours=self.settings.refresh_hours)
        offered = _offered(site, now).limit(limit)
        due = list(connection.execute(offered.where(Question.checked_at <= unseen)).scalars())
        if not due:  # what was seen later than now, was so by a clock that has been set back since
            ahead = offered.where(Question.checked_at > now + CLOCK_SET_BACK)
            return list(connection.execute(ahead).scalars())
        if len(due) < limit:
            return list(connection.execute(offered).scalars())
        return due

    def _keep(
        self, site: str, asked: Collection[int], skipped: Mapping[int, str], items: Items
    ) -> Step:
        now = self.clock.now()
        missing = _missing(asked, items)
        with self.engine.begin() as connection:
            deleted = _mark_checked(connection, site, asked, now)
            to_tag = [q for q in items.questions if _is_to_tag(q, skipped, deleted)]
            others = [q for q in items.questions if not _is_to_tag(q, skipped, deleted)]
            stored = store(connection, others, now=now, request_tagging=False)
            recovered = store(connection, to_tag, now=now, request_tagging=True)
            record_items(connection, site, self.name, items, now=now)
            forget_skipped(connection, site, missing)
            gone = mark_deleted(connection, site=site, question_ids=missing, now=now)
            succeeded(connection, site, self.name, now=now, fetched=len(items.questions))
        if gone:
            log.info("%s: gone from the site: %s", site, counted(gone, "question"))
        requested = tuple(sorted({*stored.requested, *recovered.requested}))
        return Step(None, stored.new + recovered.new, stored.changed, requested)


def _asked_for(items: Iterable[object], asked: Collection[int]) -> list[object]:
    """Those items that were asked for, and those that do not say which they are."""

    def is_other(item: object) -> bool:
        number = item.get("question_id") if isinstance(item, dict) else None
        return isinstance(number, int) and number not in asked

    return [item for item in items if not is_other(item)]


def _offered(site: str, now: datetime) -> Select[int]:
    """Numbers of questions that are or may be offered for review, the longest unseen first."""
    tagged = exists().where(Prediction.question_pk == Question.id)
    returning = and_(Question.state == "deleted", Question.state_at > now - BELIEVE_DELETED_AFTER)
    return (
        select(Question.question_id)
        .where(Question.site == site, Question.state.in_(("open", "deleted")))
        .where(or_(and_(Question.state == "open", or_(is_requested(), tagged)), returning))
        .where(not_(exists().where(Review.question_pk == Question.id, Review.outcome == "saved")))
        .order_by(Question.checked_at)
    )


def _request(site: str, question_ids: Collection[int]) -> ApiRequest:
    params = {"filter": "withbody", "pagesize": str(PAGE_SIZE)}
    return ApiRequest("questions/{ids}", site, tuple(params.items()), tuple(question_ids))


def _missing(asked: Collection[int], items: Items) -> set[int]:
    """Those that the API gives no more; none where an item without a number may be one of them."""
    if items.unidentified:
        return set()
    given = {q.question_id for q in items.questions} | {i.question_id for i in items.skipped}
    return {number for number in asked if number not in given}


def _is_to_tag(
    question: FetchedQuestion, skipped: Mapping[int, str], deleted: Collection[int]
) -> bool:
    """Whether it is open, and was skipped among those to tag, or has lost its request.

    Args:
        question: as the API gives it now.
        skipped: feeds by the numbers of the questions that they could not read.
        deleted: numbers of those that were marked so.
    """
    polled = skipped.get(question.question_id) in ("live", "changed")
    return question.state == "open" and (polled or question.question_id in deleted)


def _mark_checked(
    connection: Connection, site: str, question_ids: Collection[int], now: datetime
) -> frozenset[int]:
    """Lock the questions and their requests; return the numbers of those marked as deleted."""
    chosen = (Question.site == site, Question.question_id.in_(sorted(question_ids)))
    lock_in_order(connection, *chosen)
    of_these = TaggingRequest.question_pk.in_(select(Question.id).where(*chosen))
    lock_requests_in_order(connection, of_these)
    connection.execute(update(Question).where(*chosen).values(checked_at=now))
    deleted = select(Question.question_id).where(*chosen, Question.state == "deleted")
    return frozenset(connection.scalars(deleted))
