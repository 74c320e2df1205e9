"""A question's way through tagging: one state machine, whose state is the row.

    not requested ── store, request_tagging, retag ──> pending
    pending ──────── claim, finish ──────────────────> not requested, and tagged
    pending ──────── park_exhausted ─────────────────> parked
    parked ───────── release, or an edit (store) ────> pending

The columns of a row of `questions` that say where it stands, and who sets them:

    requested_at  since when tagging is requested (the column `wanted_at`): store(), and
                  request_tagging() and retag() of core/questions/requests.py; finish() clears the
                  request that claim() found
    enqueued_at   when it was last put into the queue (store, sweep) or taken from it (claim);
                  requests, finish(), unclaim(), end_lease() and release() clear it, and what is
                  still pending is free for the next sweep
    attempts      claim() counts, before anything is tried, and unclaim() gives the count back;
                  an edit (store), a request, finish() and release() set it to 0
    error         what the last attempt ended with (record_error, park_exhausted); claim() clears
                  it, and whatever sets the attempts to 0
    parked_at     park_exhausted(), after MAX_ATTEMPTS; an edit (store), a request, finish() and
                  release() clear it

The queue only carries hints: whatever becomes of a message, sweep() finds the question again when
its lease is over.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import and_, func, literal, or_, select, tuple_, update
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement

from core.database.tables import ModelVersion, Question
from core.questions.lock_order import lock_in_order

MAX_ATTEMPTS = 3

# Of one task, by the attempts that the questions have behind them. A process that dies takes its
# whole batch with it; smaller ones then tell the question that kills from its neighbours.
TASK_SIZES = (100, 10, 1)


@dataclass(frozen=True, slots=True)
class PendingQuestion:
    """A row to enqueue."""

    pk: int
    site: str
    attempts: int


@dataclass(frozen=True, slots=True)
class ClaimedQuestion:
    """A row to tag: its key, its text, which text it was, and which request is answered."""

    pk: int
    title: str
    body: str
    content_hash: str
    requested_at: datetime


@dataclass(frozen=True, slots=True)
class ParkedQuestion:
    """A parked question and what its last attempt ended with."""

    site: str
    question_id: int
    title: str
    attempts: int
    error: str
    parked_at: datetime


def is_pending() -> ColumnElement[bool]:
    """Whether tagging is requested and the question is not parked: a worker is to tag it."""
    return and_(Question.requested_at.is_not(None), Question.parked_at.is_(None))


def is_claimed() -> ColumnElement[bool]:
    """Whether an attempt at a pending question is under way, or failed and waits for the next."""
    return and_(is_pending(), Question.attempts > 0)


def sweep(
    connection: Connection, *, now: datetime, lease: timedelta, limit: int = 10_000
) -> list[PendingQuestion]:
    """Take the pending questions whose lease is over, oldest first, and give them a new one.

    Sites without a live model version are left out: nobody could tag theirs.
    """
    due = (
        select(Question.id)
        .where(is_pending(), _lease_is_over(now, lease), Question.attempts < MAX_ATTEMPTS)
        .where(Question.site.in_(select(ModelVersion.site).where(ModelVersion.live)))
        .order_by(Question.requested_at, Question.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte()  # evaluated once: as a subquery, Postgres may run it again and exceed the limit
    )
    statement = (
        update(Question)
        .where(Question.id.in_(select(due.c.id)))
        .values(enqueued_at=now)
        .returning(Question.id, Question.site, Question.attempts)
    )
    rows = connection.execute(statement).all()
    return sorted(
        (PendingQuestion(row.id, row.site, row.attempts) for row in rows), key=lambda p: p.pk
    )


def batches(pending: Iterable[PendingQuestion]) -> Iterator[tuple[str, list[int]]]:
    """Split into tasks of one site each, smaller where attempts have failed: (site, keys)."""

    def group(question: PendingQuestion) -> tuple[str, int]:
        return question.site, min(question.attempts, len(TASK_SIZES) - 1)

    for (site, attempts), members in groupby(sorted(pending, key=group), key=group):
        pks = [question.pk for question in members]
        size = TASK_SIZES[attempts]
        for start in range(0, len(pks), size):
            yield site, pks[start : start + size]


def claim(
    connection: Connection, pks: Sequence[int], *, site: str, now: datetime
) -> list[ClaimedQuestion]:
    """Count an attempt for those of the questions that are still pending, and give their texts.

    Commit before tagging: the count is what stops a question that kills every process. Those with
    more attempts than a task of this size is for are left to the sweep, which sends smaller ones:
    neighbours of a question that kills must not be counted out with it.
    """
    most = max(tries for tries, size in enumerate(TASK_SIZES) if size >= min(len(pks), 100))
    chosen = (
        Question.id.in_(sorted(pks)),
        Question.site == site,
        is_pending(),
        Question.attempts <= most,
    )
    lock_in_order(connection, *chosen)
    statement = (
        update(Question)
        .where(*chosen)
        .values(attempts=Question.attempts + 1, enqueued_at=now, error=None)
        .returning(
            Question.id,
            Question.title,
            Question.body,
            Question.content_hash,
            Question.requested_at,
        )
    )
    claimed = [
        ClaimedQuestion(pk, title, body, content_hash, requested_at)
        for pk, title, body, content_hash, requested_at in connection.execute(statement)
        if requested_at is not None  # as is_pending() has it
    ]
    return sorted(claimed, key=lambda q: q.pk)


def finish(connection: Connection, questions: Sequence[ClaimedQuestion]) -> set[int]:
    """Clear the tagging request where text and request are still those that were claimed.

    Returns:
        The keys for which this call did so. Only their predictions are to be written, in the same
        transaction: whoever comes second gets no keys, and a question whose text was edited, or
        which was asked for again, while it was tagged stays pending.
    """
    if not questions:
        return set()
    of_batch = Question.id.in_([q.pk for q in questions])  # the index: SQLite has none for tuples
    tagged = tuple_(Question.id, Question.content_hash, Question.requested_at).in_(
        [(q.pk, q.content_hash, q.requested_at) for q in questions]
    )
    lock_in_order(connection, of_batch)
    statement = (
        update(Question)
        .where(of_batch, tagged)
        .values(requested_at=None, enqueued_at=None, attempts=0, error=None, parked_at=None)
        .returning(Question.id)
    )
    return set(connection.execute(statement).scalars())


def record_error(connection: Connection, pk: int, error: str) -> None:
    """Keep what an attempt ended with."""
    connection.execute(update(Question).where(Question.id == pk).values(error=error))


def end_lease(connection: Connection, pks: Sequence[int]) -> None:
    """Let the next sweep take questions that could not be tried, through no fault of theirs."""
    chosen = (Question.id.in_(sorted(pks)), is_pending())
    lock_in_order(connection, *chosen)
    connection.execute(update(Question).where(*chosen).values(enqueued_at=None))


def unclaim(connection: Connection, pks: Sequence[int]) -> None:
    """Take an attempt back that came to nothing through no fault of the questions."""
    chosen = (Question.id.in_(sorted(pks)), is_pending(), Question.attempts > 0)
    lock_in_order(connection, *chosen)
    connection.execute(
        update(Question).where(*chosen).values(attempts=Question.attempts - 1, enqueued_at=None)
    )


def park_exhausted(connection: Connection, *, now: datetime, lease: timedelta) -> list[int]:
    """Park the questions whose last attempt is over without a prediction; return their keys."""
    chosen = (
        is_pending(),
        Question.attempts >= MAX_ATTEMPTS,
        or_(Question.error.is_not(None), _lease_is_over(now, lease)),
    )
    lock_in_order(connection, *chosen)
    statement = (
        update(Question)
        .where(*chosen)
        .values(
            parked_at=now,
            error=func.coalesce(Question.error, literal("the worker's process ended while at it")),
        )
        .returning(Question.id)
    )
    return sorted(connection.execute(statement).scalars())


def list_parked(connection: Connection, site: str | None = None) -> list[ParkedQuestion]:
    """Return the parked questions of one site or of all, the latest first.

        with reading(engine) as connection:
            errors = [question.error for question in list_parked(connection, "stats")]

    Those that were parked at one moment stand in the order of their keys.
    """
    rows = (
        select(
            Question.site,
            Question.question_id,
            Question.title,
            Question.attempts,
            Question.error,
            Question.parked_at,
        )
        .where(Question.parked_at.is_not(None))
        .order_by(Question.parked_at.desc(), Question.id)
    )
    if site is not None:
        rows = rows.where(Question.site == site)
    return [
        ParkedQuestion(site, number, title, attempts, error or "", at)
        for site, number, title, attempts, error, at in connection.execute(rows)
        if at is not None
    ]


def release(connection: Connection, site: str | None = None, question_id: int | None = None) -> int:
    """Let parked questions try again from the start; the next sweep enqueues them.

        with engine.begin() as connection:
            release(connection, "stats", 12345)

    Returns:
        How many were released.
    """
    chosen: list[ColumnElement[bool]] = [Question.parked_at.is_not(None)]
    if site is not None:
        chosen.append(Question.site == site)
    if question_id is not None:
        chosen.append(Question.question_id == question_id)
    lock_in_order(connection, *chosen)
    anew = {"parked_at": None, "attempts": 0, "error": None, "enqueued_at": None}
    return connection.execute(update(Question).where(*chosen).values(anew)).rowcount


def _lease_is_over(now: datetime, lease: timedelta) -> ColumnElement[bool]:
    """Also where the clock has been set back, and a lease seems to begin in the future."""
    return or_(
        Question.enqueued_at.is_(None),
        Question.enqueued_at < now - lease,
        Question.enqueued_at > now + lease,
    )
