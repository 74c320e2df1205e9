"""Questions in the database: storing them, and the marks that lead them through tagging.

The marks of a row of `questions`, and who sets them:

    wanted_at     store(), and want() and retag() of core/questions/requests.py: somebody
                  wants it tagged, since then; finish() unsets the wish that claim() found
    enqueued_at   when it was last put into the queue (store, sweep) or taken from it (claim)
    attempts      claim() counts, before anything is tried; finish() sets it back to 0
    error         what the last attempt ended with
    parked_at     park_exhausted(), after MAX_ATTEMPTS; release() unsets it

A question is pending while `wanted_at` is set and `parked_at` is not. The queue only carries hints:
whatever becomes of a message, sweep() finds the question again when its lease is over.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Literal

from sqlalchemy import (
    and_,
    case,
    exists,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement

from core.database.engine import dialect_insert
from core.database.tables import ModelVersion, Prediction, Question

State = Literal["open", "answered", "closed", "migrated", "deleted"]

MAX_ATTEMPTS = 3
STORE_ROWS = 500  # of one statement: well below SQLite's 32,766 variables

# Of one task, by the attempts that the questions have behind them. A process that dies takes its
# whole batch with it; smaller ones then tell the question that kills from its neighbours.
TASK_SIZES = (100, 10, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedQuestion:
    """A question as the API or a file gave it.

    Attributes:
        site: the site's name in the API, as `stats`.
        question_id: the site's number for it.
        title: plain text (the API's escaping undone).
        body: HTML.
        author_tags: as its author set them, in the site's order.
        created_at: UTC; so are the other times. None where the source does not say.
        state: what has become of it on its site; None where the source does not say.
    """

    site: str
    question_id: int
    title: str
    body: str
    author_tags: tuple[str, ...]
    link: str | None = None
    owner: str | None = None
    licence: str | None = None
    score: int | None = None
    answer_count: int | None = None
    created_at: datetime | None = None
    last_activity_at: datetime | None = None
    state: State | None = None

    def content_hash(self) -> str:
        """SHA-256 of what is tagged, title and body, in hexadecimal."""
        return hashlib.sha256(f"{self.title}\0{self.body}".encode(errors="replace")).hexdigest()


@dataclass(frozen=True, slots=True)
class Stored:
    """What store() did.

    Attributes:
        new: how many questions were not there before.
        changed: how many had another title or body before.
        unchanged: how many were there as they are.
        wanted: keys of the rows that want tagging since this call, in the order of their keys.
    """

    new: int
    changed: int
    unchanged: int
    wanted: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PendingQuestion:
    """A row to enqueue."""

    pk: int
    site: str
    attempts: int


@dataclass(frozen=True, slots=True)
class ClaimedQuestion:
    """A row to tag: its key, its text, which text it was, and since when it is wanted."""

    pk: int
    title: str
    body: str
    content_hash: str
    wanted_at: datetime


def clean_text(value: str) -> str:
    """Drop what no database takes: NUL characters and halves of surrogate pairs."""
    return value.replace("\0", "").encode("utf-8", "ignore").decode("utf-8")


def store(
    connection: Connection, questions: Iterable[FetchedQuestion], *, now: datetime, wanted: bool
) -> Stored:
    """Insert or update questions by (site, question id); commits nothing.

    A row that holds a later activity than the question at hand is left as it is, so an old dump
    undoes no edit. New questions want tagging where `wanted` says so; known ones where they have
    never been tagged, or where title or body have changed since.

    Args:
        connection: in a transaction.
        questions: in any order; of those with one key the last counts.
        now: UTC.
        wanted: whether they want tagging; the training corpus does not.
    """
    unique = {(q.site, q.question_id): q for q in questions}
    rows = [unique[key] for key in sorted(unique)]  # one order for all writers: no deadlock
    new = changed = 0
    wanted_pks: list[int] = []
    for start in range(0, len(rows), STORE_ROWS):
        chunk = rows[start : start + STORE_ROWS]
        known = _known_hashes(connection, chunk)
        new += sum((q.site, q.question_id) not in known for q in chunk)
        changed += _upsert(connection, chunk, known, now=now, wanted=wanted, into=wanted_pks)
    return Stored(new, changed, len(rows) - new - changed, tuple(sorted(wanted_pks)))


def lock_in_order(connection: Connection, *chosen: ColumnElement[bool]) -> None:
    """Lock questions in the order of their keys, as all do that change several: no deadlock.

    An UPDATE by itself locks rows in whatever order its plan finds them. The lock is that of an
    UPDATE, which keeps no verdict or prediction waiting. SQLite has one writer at a time.
    """
    if connection.dialect.name == "postgresql":
        rows = select(Question.id).where(*chosen).order_by(Question.id)
        connection.execute(rows.with_for_update(key_share=True)).all()


def _known_hashes(
    connection: Connection, questions: Sequence[FetchedQuestion]
) -> dict[tuple[str, int], str]:
    hashes: dict[tuple[str, int], str] = {}
    for site, group in groupby(questions, key=lambda q: q.site):
        numbers = [question.question_id for question in group]
        chosen = (Question.site == site, Question.question_id.in_(numbers))
        lock_in_order(connection, *chosen)
        found = select(Question.question_id, Question.content_hash).where(*chosen)
        hashes |= {(site, row.question_id): row.content_hash for row in connection.execute(found)}
    return hashes


def _upsert(
    connection: Connection,
    questions: Sequence[FetchedQuestion],
    known: dict[tuple[str, int], str],
    *,
    now: datetime,
    wanted: bool,
    into: list[int],
) -> int:
    """Write one chunk, add the keys that want tagging since now to `into`, count the changed."""
    rows = [_as_row(q, now=now, wanted=wanted) for q in questions]
    insert = dialect_insert(connection, Question)
    excluded = insert.excluded
    differs = Question.content_hash != excluded.content_hash
    wants = _wants_tagging(differs, wanted=wanted)
    newest = {name: excluded[name] for name in ("title", "body", "author_tags", "content_hash")}
    known_or_new = {
        name: func.coalesce(excluded[name], getattr(Question, name)) for name in _OPTIONAL_COLUMNS
    }
    statement = insert.on_conflict_do_update(
        index_elements=["site", "question_id"],
        set_={
            **newest,
            **known_or_new,
            "fetched_at": excluded.fetched_at,
            **_state_as_told(excluded),
            "wanted_at": case((wants, now), else_=Question.wanted_at),
            "enqueued_at": case((wants, now), else_=Question.enqueued_at),
            "attempts": case((differs, 0), else_=Question.attempts),
            "error": case((differs, None), else_=Question.error),
            "parked_at": case((differs, None), else_=Question.parked_at),
        },
        where=or_(
            Question.last_activity_at.is_(None),
            excluded.last_activity_at >= Question.last_activity_at,
        ),
    )
    # Rows as parameters, not as values(): that would compile a statement of 9,000 names each time.
    written = connection.execute(
        statement.returning(
            Question.id,
            Question.site,
            Question.question_id,
            Question.content_hash,
            Question.wanted_at,
        ),
        rows,
    ).all()
    into.extend(row.id for row in written if row.wanted_at == now)
    return sum(
        known.get((row.site, row.question_id), row.content_hash) != row.content_hash
        for row in written
    )


_OPTIONAL_COLUMNS = (
    "link",
    "owner",
    "licence",
    "score",
    "answer_count",
    "created_at",
    "last_activity_at",
)


def _as_row(question: FetchedQuestion, *, now: datetime, wanted: bool) -> dict[str, object]:
    return {
        "site": question.site,
        "question_id": question.question_id,
        "title": question.title,
        "body": question.body,
        "author_tags": list(question.author_tags),
        **{name: getattr(question, name) for name in _OPTIONAL_COLUMNS},
        "fetched_at": now,
        "content_hash": question.content_hash(),
        "state": question.state or "open",
        "state_at": now if question.state is not None else None,
        "checked_at": now,
        "wanted_at": now if wanted else None,
        "enqueued_at": now if wanted else None,
    }


def _wants_tagging(differs: ColumnElement[bool], *, wanted: bool) -> ColumnElement[bool]:
    """Whether a known question wants tagging anew since this writing."""
    # By its name: an INSERT is nothing that SQLAlchemy correlates a subquery with.
    tagged = exists().where(Prediction.question_pk == literal_column("questions.id"))
    if not wanted:  # the corpus asks for nothing, but an edit outdates what was asked for before
        return and_(differs, or_(Question.wanted_at.is_not(None), tagged))
    return or_(differs, and_(Question.wanted_at.is_(None), not_(tagged)))


def _state_as_told(excluded: Any) -> dict[str, ColumnElement[Any]]:
    """The state's columns of a known question; a source that tells no state changes none."""
    told = excluded.state_at.is_not(None)
    differs = and_(told, excluded.state != Question.state)
    return {
        "state": case((told, excluded.state), else_=Question.state),
        "state_at": case((differs, excluded.state_at), else_=Question.state_at),
        "checked_at": case((told, excluded.checked_at), else_=Question.checked_at),
    }


def mark_deleted(
    connection: Connection, *, site: str, question_ids: Collection[int], now: datetime
) -> int:
    """Mark questions that the API no longer gives; return how many were not marked before."""
    chosen = (Question.site == site, Question.question_id.in_(sorted(question_ids)))
    lock_in_order(connection, *chosen)
    connection.execute(update(Question).where(*chosen).values(checked_at=now))
    statement = update(Question).where(*chosen, Question.state != "deleted")
    return connection.execute(statement.values(state="deleted", state_at=now)).rowcount


def sweep(
    connection: Connection, *, now: datetime, lease: timedelta, limit: int = 10_000
) -> list[PendingQuestion]:
    """Take the pending questions whose lease is over, oldest first, and give them a new one.

    Sites without a live model version are left out: nobody could tag theirs.
    """
    due = (
        select(Question.id)
        .where(*_pending(), _lease_is_over(now, lease), Question.attempts < MAX_ATTEMPTS)
        .where(Question.site.in_(select(ModelVersion.site).where(ModelVersion.live)))
        .order_by(Question.wanted_at, Question.id)
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
    """Count an attempt for the questions that still want tagging, and give their texts.

    Commit before tagging: the count is what stops a question that kills every process. Those with
    more attempts than a task of this size is for are left to the sweep, which sends smaller ones:
    neighbours of a question that kills must not be counted out with it.
    """
    most = max(tries for tries, size in enumerate(TASK_SIZES) if size >= min(len(pks), 100))
    chosen = (
        Question.id.in_(sorted(pks)),
        Question.site == site,
        *_pending(),
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
            Question.wanted_at,
        )
    )
    claimed = [
        ClaimedQuestion(pk, title, body, content_hash, wanted_at)
        for pk, title, body, content_hash, wanted_at in connection.execute(statement)
        if wanted_at is not None  # as _pending() has it
    ]
    return sorted(claimed, key=lambda q: q.pk)


def finish(connection: Connection, questions: Sequence[ClaimedQuestion]) -> set[int]:
    """Unset the wish for tagging where text and wish are still those that were claimed.

    Returns:
        The keys for which this call did so. Only their predictions are to be written, in the same
        transaction: whoever comes second gets no keys, and a question whose text was edited, or
        which was asked for again, while it was tagged stays pending.
    """
    if not questions:
        return set()
    of_batch = Question.id.in_([q.pk for q in questions])  # the index: SQLite has none for tuples
    tagged = tuple_(Question.id, Question.content_hash, Question.wanted_at).in_(
        [(q.pk, q.content_hash, q.wanted_at) for q in questions]
    )
    lock_in_order(connection, of_batch)
    statement = (
        update(Question)
        .where(of_batch, tagged)
        .values(wanted_at=None, enqueued_at=None, attempts=0, error=None, parked_at=None)
        .returning(Question.id)
    )
    return set(connection.execute(statement).scalars())


def record_error(connection: Connection, pk: int, error: str) -> None:
    """Keep what an attempt ended with."""
    connection.execute(update(Question).where(Question.id == pk).values(error=error))


def end_lease(connection: Connection, pks: Sequence[int]) -> None:
    """Let the next sweep take questions that could not be tried, through no fault of theirs."""
    chosen = (Question.id.in_(sorted(pks)), *_pending())
    lock_in_order(connection, *chosen)
    connection.execute(update(Question).where(*chosen).values(enqueued_at=None))


def unclaim(connection: Connection, pks: Sequence[int]) -> None:
    """Take an attempt back that came to nothing through no fault of the questions."""
    chosen = (Question.id.in_(sorted(pks)), *_pending(), Question.attempts > 0)
    lock_in_order(connection, *chosen)
    connection.execute(
        update(Question).where(*chosen).values(attempts=Question.attempts - 1, enqueued_at=None)
    )


def park_exhausted(connection: Connection, *, now: datetime, lease: timedelta) -> list[int]:
    """Park the questions whose last attempt is over without a prediction; return their keys."""
    chosen = (
        *_pending(),
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


def _pending() -> tuple[ColumnElement[bool], ...]:
    return Question.wanted_at.is_not(None), Question.parked_at.is_(None)


def _lease_is_over(now: datetime, lease: timedelta) -> ColumnElement[bool]:
    """Also where the clock has been set back, and a lease seems to begin in the future."""
    return or_(
        Question.enqueued_at.is_(None),
        Question.enqueued_at < now - lease,
        Question.enqueued_at > now + lease,
    )
