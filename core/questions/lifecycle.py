"""A question's way through tagging: one state machine, whose state is a row of `tagging_requests`.

    no row ───────── store, request_tagging, retag ──> pending
    pending ──────── claim, finish ──────────────────> no row, and tagged
    pending ──────── park_exhausted ─────────────────> parked
    parked ───────── release, or an edit (store) ────> pending
    any ──────────── gone from its site (store) ─────> no row

Nothing of this writes the row of `questions`, which is wide: its text, and all that its site says.
The columns that say where a question stands, and who sets them:

    priority      whose request it is: the live feed's (store) comes before a backfill's (an import,
                  request_tagging() and retag() of core/questions/requests.py); none makes it later
    requested_at  since when tagging is requested: store() and requests; finish() deletes the row
                  whose request is the one that claim() found
    enqueued_at   when it was last put into the queue (sweep). claim() sets it so that HELD is left
                  of its lease, and leases.py renews, ends and clears it; an edit (store), requests,
                  unclaim() and release() clear it, and the question is free for the next sweep
    attempts      claim() counts, before anything is tried, and unclaim() gives the count back;
                  an edit (store), a request and release() set it to 0
    exhausted     the database's own: whether MAX_ATTEMPTS are behind it
    error         what the last attempt ended with (record_error, park_exhausted); claim() clears
                  it, and whatever sets the attempts to 0
    parked_at     park_exhausted(), after MAX_ATTEMPTS; an edit (store) and release() clear it

The queue only carries hints: whatever becomes of a message, sweep() finds the question again when
its lease is over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from itertools import chain

from sqlalchemy import and_, delete, func, literal, literal_column, or_, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement

from core.database.keys import one_of
from core.database.tables import ModelVersion, Question, TaggingRequest
from core.questions.leases import HELD, held_from, lease_is_over
from core.questions.lock_order import lock_requests_in_order

MAX_ATTEMPTS = 3


class Priority(IntEnum):
    """Whose request it is; the lower comes first."""

    LIVE = 0
    BACKFILL = 1


# Of one task, by the attempts that the questions have behind them. A process that dies takes its
# whole batch with it; smaller ones then tell the question that kills from its neighbours. The live
# feed's are small, for several processes to share; a backfill's pay a task's overhead less often.
TASK_SIZES = {Priority.LIVE: (100, 10, 1), Priority.BACKFILL: (1000, 10, 1)}


@dataclass(frozen=True, slots=True)
class ClaimedQuestion:
    """A question to tag: its key, its text, which text it was, and which request is answered."""

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
    """Whether the question of a row of `tagging_requests` is not parked: a worker is to tag it."""
    return TaggingRequest.parked_at.is_(None)


def is_claimed() -> ColumnElement[bool]:
    """Whether an attempt at a pending question is under way, or failed and waits for the next."""
    return and_(is_pending(), TaggingRequest.attempts > 0)


def is_requested(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a row of `questions` has a tagging request, of which the conditions hold."""
    of_question = TaggingRequest.question_pk == Question.id
    return select(literal(1)).where(of_question, *conditions).correlate(Question).exists()


def due_sites(
    connection: Connection, *, priority: Priority, now: datetime, lease: timedelta
) -> list[str]:
    """Return the sites that have something for sweep() to take, in a new random order each time.

    Sites without a live model version are left out: nobody could tag theirs.
    """
    due = select(literal(1)).where(
        TaggingRequest.site == ModelVersion.site, *_is_due(priority, now, lease)
    )
    sites = select(ModelVersion.site).where(ModelVersion.live, due.exists())
    return list(connection.execute(sites.order_by(func.random())).scalars())


def sweep(
    connection: Connection,
    site: str,
    *,
    priority: Priority,
    tasks: int,
    now: datetime,
    lease: timedelta,
) -> list[list[int]]:
    """Take a site's pending questions whose lease is over, oldest first, and give them a new one.

    Returns:
        At most so many tasks, the keys of each. Those of questions that have failed come first:
        they are older, and few, and behind a backfill they would wait for all of it.
    """
    rows = (
        select(TaggingRequest.question_pk, TaggingRequest.attempts)
        .where(TaggingRequest.site == site, *_is_due(priority, now, lease))
        .order_by(TaggingRequest.requested_at, TaggingRequest.question_pk)
        .limit(tasks * TASK_SIZES[priority][0])
        .with_for_update(skip_locked=True)
    )
    by_attempts: dict[int, list[int]] = {}
    for pk, attempts in connection.execute(rows):
        by_attempts.setdefault(attempts, []).append(pk)
    taken: list[list[int]] = []
    for attempts, pks in sorted(by_attempts.items(), reverse=True):
        size = TASK_SIZES[priority][attempts]
        taken += [pks[start : start + size] for start in range(0, len(pks), size)]
    del taken[tasks:]
    if taken:
        leased = one_of(connection, TaggingRequest.question_pk, chain.from_iterable(taken))
        connection.execute(update(TaggingRequest).where(leased).values(enqueued_at=now))
    return taken


def claim(
    connection: Connection,
    pks: Sequence[int],
    *,
    site: str,
    now: datetime,
    lease: timedelta = HELD,
    task_size: int | None = None,
) -> list[ClaimedQuestion]:
    """Count an attempt for those of the questions that are still pending, and give their texts.

    Commit before tagging: the count is what stops a question that kills every process. Those with
    more attempts than a task of this size is for are left to the sweep, which sends smaller ones:
    neighbours of a question that kills must not be counted out with it.

    Args:
        connection: in a transaction.
        pks: of the rows.
        site: of all of them.
        now: UTC.
        lease: of sweep(); the claim is over after HELD, or after this where it is shorter.
        task_size: questions of the task, where these are a part of it.
    """
    sizes = TASK_SIZES[Priority.BACKFILL]
    size = min(task_size or len(pks), sizes[0])
    most = max(tries for tries, of_task in enumerate(sizes) if of_task >= size)
    chosen = (
        one_of(connection, TaggingRequest.question_pk, pks),
        TaggingRequest.site == site,
        is_pending(),
        TaggingRequest.attempts <= most,
    )
    lock_requests_in_order(connection, *chosen)
    counted = (
        update(TaggingRequest)
        .where(*chosen)
        .values(attempts=TaggingRequest.attempts + 1, enqueued_at=held_from(now, lease), error=None)
        .returning(TaggingRequest.question_pk, TaggingRequest.requested_at)
    )
    requests = dict(connection.execute(counted).all())
    texts = select(Question.id, Question.title, Question.body, Question.content_hash)
    return [
        ClaimedQuestion(*row, requests[row.id])
        for row in connection.execute(
            texts.where(one_of(connection, Question.id, requests)).order_by(Question.id)
        )
    ]


def finish(connection: Connection, questions: Sequence[ClaimedQuestion]) -> set[int]:
    """Delete the tagging request where text and request are still those that were claimed.

    The questions that are finished are locked, so that nobody edits them, and no person decides
    on them, before what is written of them in this transaction.

    Returns:
        The keys for which this call did so. Only their predictions are to be written, in the same
        transaction: whoever comes second gets no keys, and a question whose text was edited, or
        which was asked for again, while it was tagged stays pending.
    """
    if not questions:
        return set()
    texts = (
        select(Question.id, Question.content_hash)
        .where(one_of(connection, Question.id, (q.pk for q in questions)))
        .order_by(Question.id)
        .with_for_update(key_share=True)
    )
    requests = (
        select(TaggingRequest.question_pk, TaggingRequest.requested_at)
        .where(one_of(connection, TaggingRequest.question_pk, (q.pk for q in questions)))
        .order_by(TaggingRequest.question_pk)
        .with_for_update()
    )
    hashes = dict(connection.execute(texts).all())
    times = dict(connection.execute(requests).all())
    ended = {
        question.pk
        for question in questions
        if hashes.get(question.pk) == question.content_hash
        and times.get(question.pk) == question.requested_at
    }
    connection.execute(
        delete(TaggingRequest).where(one_of(connection, TaggingRequest.question_pk, ended))
    )
    return ended


def record_error(connection: Connection, claimed: ClaimedQuestion, error: str) -> None:
    """Keep what an attempt ended with, unless the question was requested anew meanwhile."""
    failed = update(TaggingRequest).where(
        TaggingRequest.question_pk == claimed.pk,
        TaggingRequest.requested_at == claimed.requested_at,
    )
    connection.execute(failed.values(error=error))


def unclaim(connection: Connection, pks: Sequence[int]) -> None:
    """Take an attempt back that came to nothing through no fault of the questions."""
    chosen = (TaggingRequest.question_pk.in_(sorted(pks)), is_claimed())
    lock_requests_in_order(connection, *chosen)
    given_back = {"attempts": TaggingRequest.attempts - 1, "enqueued_at": None}
    connection.execute(update(TaggingRequest).where(*chosen).values(given_back))


def park_exhausted(connection: Connection, *, now: datetime, lease: timedelta) -> list[int]:
    """Park the questions whose last attempt is over without a prediction; return their keys."""
    chosen: tuple[ColumnElement[bool], ...] = (
        is_pending(),
        literal_column("exhausted"),  # as the index of these has it; in SQLite's is no `= 1`
        or_(TaggingRequest.error.is_not(None), lease_is_over(now, lease)),
    )
    lock_requests_in_order(connection, *chosen)
    ended = literal("the worker's process ended while at it")
    statement = (
        update(TaggingRequest)
        .where(*chosen)
        .values(parked_at=now, error=func.coalesce(TaggingRequest.error, ended))
        .returning(TaggingRequest.question_pk)
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
            TaggingRequest.attempts,
            TaggingRequest.error,
            TaggingRequest.parked_at,
        )
        .join(TaggingRequest, TaggingRequest.question_pk == Question.id)
        .where(TaggingRequest.parked_at.is_not(None))
        .order_by(TaggingRequest.parked_at.desc(), Question.id)
    )
    if site is not None:
        rows = rows.where(TaggingRequest.site == site)
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
    chosen: list[ColumnElement[bool]] = [TaggingRequest.parked_at.is_not(None)]
    if site is not None:
        chosen.append(TaggingRequest.site == site)
    if question_id is not None:
        of_number = select(Question.id).where(Question.question_id == question_id)
        chosen.append(TaggingRequest.question_pk.in_(of_number))
    lock_requests_in_order(connection, *chosen)
    anew = {"parked_at": None, "attempts": 0, "error": None, "enqueued_at": None}
    return connection.execute(update(TaggingRequest).where(*chosen).values(anew)).rowcount


def _is_due(priority: Priority, now: datetime, lease: timedelta) -> tuple[ColumnElement[bool], ...]:
    return (
        TaggingRequest.priority == priority.value,
        is_pending(),
        lease_is_over(now, lease),
        TaggingRequest.attempts < MAX_ATTEMPTS,
    )
