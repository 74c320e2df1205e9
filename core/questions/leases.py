"""Leases: for how long a pending question is left to the queue, or to the process that tags it.

A row of `tagging_requests` says by `enqueued_at` when its lease began. That of the queue lasts as
long as a setting says; a process in whose hand a question is sets the beginning back, so that its
lease is over soon after its own end, however it ended.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final, Self

from sqlalchemy import Engine, and_, or_, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql import ColumnElement

from core.clock import CLOCK_SET_BACK, Clock
from core.database.keys import one_of
from core.database.tables import TaggingRequest
from core.errors import DatabaseUnreachable
from core.questions.lock_order import lock_requests_in_order

# After a claim, and after each renewal while a process is at it. Renewals may be late by as much:
# where a database stalls, say.
HELD: Final = timedelta(seconds=20)

RENEW_SECONDS: Final = 5.0  # a quarter of what a renewal lasts; most batches take less

# What was put into the queue so long ago, is not in it and was not claimed, is lost: a task is
# claimed within moments of being taken. Being wrong costs a message that finds nothing to do.
LOST_AFTER: Final = timedelta(seconds=15)
FRONT: Final = 25_000  # requests; the queue holds some 16,000 of a backfill

_is_pending = TaggingRequest.parked_at.is_(None)


def held_from(now: datetime, lease: timedelta) -> datetime:
    """When a lease would have begun that is over after HELD, or after itself if it is shorter."""
    return now - max(lease - HELD, timedelta(0))


def lease_is_over(now: datetime, lease: timedelta) -> ColumnElement[bool]:
    """Also where the clock has been set back, and a lease seems to begin in the future."""
    return or_(
        TaggingRequest.enqueued_at.is_(None),
        TaggingRequest.enqueued_at < now - lease,
        TaggingRequest.enqueued_at > now + CLOCK_SET_BACK,
    )


def end_lease(
    connection: Connection, pks: Sequence[int], *, at: datetime, lease: timedelta
) -> None:
    """Let a sweep take questions from a time on that could not be tried, not by their own fault.

    A time that is a while ahead: whoever ends another batch would enqueue them at once again.
    """
    chosen = (one_of(connection, TaggingRequest.question_pk, pks), _is_pending)
    lock_requests_in_order(connection, *chosen)
    connection.execute(update(TaggingRequest).where(*chosen).values(enqueued_at=at - lease))


def renew(connection: Connection, pks: Collection[int], *, now: datetime, lease: timedelta) -> None:
    """Hold what a task has in hand for HELD from now on, as claim() does.

    Rows that somebody is just changing are left out: most likely they are finished.
    """
    asked_anew = TaggingRequest.enqueued_at.is_(None)
    own = (_is_pending, ~asked_anew)
    if connection.dialect.name == "postgresql":
        of_these = one_of(connection, TaggingRequest.question_pk, pks)
        rows = select(TaggingRequest.question_pk).where(of_these, *own)
        rows = rows.with_for_update(skip_locked=True)
        pks = connection.scalars(rows).all()
    held = update(TaggingRequest).where(one_of(connection, TaggingRequest.question_pk, pks), *own)
    connection.execute(held.values(enqueued_at=held_from(now, lease)))


def find_overdue(
    connection: Connection, site: str, *, priority: int, now: datetime, lease: timedelta
) -> set[int]:
    """Return the keys of what was put into the queue a while ago and is in no task's hand.

    Of a site's oldest requests alone, since those are put there first: millions may wait behind.
    """
    front = (
        select(TaggingRequest.question_pk, TaggingRequest.enqueued_at)
        .where(TaggingRequest.site == site, TaggingRequest.priority == priority, _is_pending)
        .order_by(TaggingRequest.requested_at, TaggingRequest.question_pk)
        .limit(FRONT)
        .subquery()
    )
    begun = front.c.enqueued_at
    is_overdue = and_(begun > held_from(now, lease), begun < now - LOST_AFTER)
    return set(connection.execute(select(front.c.question_pk).where(is_overdue)).scalars())


def free_lost(
    connection: Connection, pks: Collection[int], *, now: datetime, lease: timedelta
) -> int:
    """Let the next sweep take what was lost on its way; return how many questions that are."""
    chosen = (one_of(connection, TaggingRequest.question_pk, pks), _is_pending, _waits(now, lease))
    lock_requests_in_order(connection, *chosen)
    free = update(TaggingRequest).where(*chosen).values(enqueued_at=None)
    return connection.execute(free).rowcount


def _waits(now: datetime, lease: timedelta) -> ColumnElement[bool]:
    """Whether the lease is the queue's: one that is held has no more left than HELD."""
    return TaggingRequest.enqueued_at > held_from(now, lease)


class HeldQuestions:
    """Renews the leases of a task's questions, by a thread of its own, while the block lasts.

        with HeldQuestions(engine, pks, clock, lease) as held:
            ...
            held.let_go(written)

    A process that is killed, stopped or hangs renews nothing, and another takes its questions.
    """

    def __init__(
        self,
        engine: Engine,
        pks: Iterable[int],
        clock: Clock,
        lease: timedelta,
        *,
        wait: Callable[[threading.Event, float], bool] = threading.Event.wait,
    ) -> None:
        self.lease = lease
        self._engine = engine
        self._clock = clock
        self._held = set(pks)
        self._wait = wait
        # A lease that is shorter than HELD is all that a renewal gives.
        self._pause = min(RENEW_SECONDS, lease.total_seconds() / 4)
        self._ended = threading.Event()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        threading.Thread(target=self._renew_until_ended, name="leases", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()

    def let_go(self, pks: Iterable[int]) -> None:
        """Renew these no more: they are finished, or failed."""
        with self._lock:
            self._held.difference_update(pks)

    def let_all_go(self) -> set[int]:
        """Renew none any more; return those that were held."""
        with self._lock:
            held, self._held = self._held, set()
        return held

    def _renew_until_ended(self) -> None:
        while not self._wait(self._ended, self._pause):
            with self._lock:
                held = set(self._held)
            # A database that is away is told of by whoever has something to write.
            with suppress(DatabaseUnreachable, SQLAlchemyError), self._engine.begin() as connection:
                if not self._ended.is_set():
                    renew(connection, held, now=self._clock.now(), lease=self.lease)
