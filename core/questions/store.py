"""Storing questions, as the API or a file gave them.

A question is one row, by site and number. What storing does to the way through tagging is told in
`core/questions/lifecycle.py`.
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Literal

from sqlalchemy import and_, case, delete, exists, func, literal_column, not_, or_, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement

from core.database.engine import dialect_insert
from core.database.tables import Prediction, Question, QuestionTag
from core.questions.lock_order import lock_in_order
from core.questions.review_queue import forget_scores

State = Literal["open", "answered", "closed", "migrated", "deleted"]

STORE_ROWS = 500  # of one statement: well below SQLite's 32,766 variables


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
        requested: keys of the rows whose tagging this call requested, in the order of their keys.
    """

    new: int
    changed: int
    unchanged: int
    requested: tuple[int, ...]


def clean_text(value: str) -> str:
    """Drop what no database takes: NUL characters and halves of surrogate pairs."""
    return value.replace("\0", "").encode("utf-8", "ignore").decode("utf-8")


def store(
    connection: Connection,
    questions: Iterable[FetchedQuestion],
    *,
    now: datetime,
    request_tagging: bool,
) -> Stored:
    """Insert or update questions by (site, question id); commits nothing.

    A row that holds a later activity than the question at hand is left as it is, so an old dump
    undoes no edit. Tagging is requested, where `request_tagging` says so, of new questions, and
    of known ones that have never been tagged or whose title or body have changed since.

        with engine.begin() as connection:
            stored = store(connection, questions, now=clock.now(), request_tagging=True)

    Args:
        connection: in a transaction.
        questions: in any order; of those with one key the last counts.
        now: UTC.
        request_tagging: whether they are to be tagged; the training corpus is not.
    """
    unique = {(q.site, q.question_id): q for q in questions}
    rows = [unique[key] for key in sorted(unique)]  # one order for all writers: no deadlock
    new = changed = 0
    requested: list[int] = []
    for start in range(0, len(rows), STORE_ROWS):
        chunk = rows[start : start + STORE_ROWS]
        known = _find_known(connection, chunk)
        new += sum((q.site, q.question_id) not in known for q in chunk)
        changed += _upsert(
            connection, chunk, known, now=now, request=request_tagging, into=requested
        )
    return Stored(new, changed, len(rows) - new - changed, tuple(sorted(requested)))


@dataclass(frozen=True, slots=True)
class _Known:
    """What is stored of a question already."""

    content_hash: str
    author_tags: frozenset[str]


def _find_known(
    connection: Connection, questions: Sequence[FetchedQuestion]
) -> dict[tuple[str, int], _Known]:
    known: dict[tuple[str, int], _Known] = {}
    for site, group in groupby(questions, key=lambda q: q.site):
        numbers = [question.question_id for question in group]
        chosen = (Question.site == site, Question.question_id.in_(numbers))
        lock_in_order(connection, *chosen)
        found = select(Question.question_id, Question.content_hash, Question.author_tags)
        for number, content_hash, tags in connection.execute(found.where(*chosen)):
            known[site, number] = _Known(content_hash, frozenset(tags))
    return known


def _upsert(
    connection: Connection,
    questions: Sequence[FetchedQuestion],
    known: dict[tuple[str, int], _Known],
    *,
    now: datetime,
    request: bool,
    into: list[int],
) -> int:
    """Write one chunk, add the keys that are requested since now to `into`, count the changed."""
    rows = [_as_row(q, now=now, request=request) for q in questions]
    insert = dialect_insert(connection, Question)
    excluded = insert.excluded
    differs = Question.content_hash != excluded.content_hash
    requested = _is_requested_anew(differs, request=request)
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
            "requested_at": case((requested, now), else_=Question.requested_at),
            "enqueued_at": case((requested, now), else_=Question.enqueued_at),
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
            Question.author_tags,
            Question.requested_at,
        ),
        rows,
    ).all()
    into.extend(row.id for row in written if row.requested_at == now)
    _write_tags(connection, written, known)
    before = [known.get((row.site, row.question_id)) for row in written]
    return sum(
        old is not None and old.content_hash != row.content_hash
        for row, old in zip(written, before, strict=True)
    )


def _write_tags(
    connection: Connection, written: Sequence[Any], known: dict[tuple[str, int], _Known]
) -> None:
    """Keep `question_tags` as the rows that were written have their author tags."""
    changed = []
    for row in written:
        old = known.get((row.site, row.question_id))
        if old is None or old.author_tags != frozenset(row.author_tags):
            changed.append(row)
    if not changed:
        return
    pks = [row.id for row in changed]
    connection.execute(delete(QuestionTag).where(QuestionTag.question_pk.in_(pks)))
    forget_scores(connection, pks)
    tags = [
        {"question_pk": row.id, "tag": tag, "site": row.site}
        for row in changed
        for tag in sorted(set(row.author_tags))
    ]
    if tags:
        connection.execute(dialect_insert(connection, QuestionTag), tags)


_OPTIONAL_COLUMNS = (
    "link",
    "owner",
    "licence",
    "score",
    "answer_count",
    "created_at",
    "last_activity_at",
)


def _as_row(question: FetchedQuestion, *, now: datetime, request: bool) -> dict[str, object]:
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
        "requested_at": now if request else None,
        "enqueued_at": now if request else None,
    }


def _is_requested_anew(differs: ColumnElement[bool], *, request: bool) -> ColumnElement[bool]:
    """Whether this writing requests tagging of a known question."""
    # By its name: an INSERT is nothing that SQLAlchemy correlates a subquery with.
    tagged = exists().where(Prediction.question_pk == literal_column("questions.id"))
    if not request:  # but an edit outdates what was requested before
        return and_(differs, or_(Question.requested_at.is_not(None), tagged))
    return or_(differs, and_(Question.requested_at.is_(None), not_(tagged)))


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
