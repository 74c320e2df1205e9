"""Storing questions, as the API or a file gave them.

A question is one row, by site and number. What storing does to the way through tagging is told in
`core/questions/lifecycle.py`.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Literal, Protocol

from sqlalchemy import case, delete, exists, func, literal_column, or_, select, true
from sqlalchemy.engine import Connection

from core.database.bulk import given_rows, insert_rows
from core.database.engine import dialect_insert
from core.database.keys import each_of, one_of, plan_anew
from core.database.tables import Prediction, Question, QuestionTag, TaggingRequest
from core.questions.gone import GONE, clear_requests
from core.questions.lifecycle import Priority, is_requested
from core.questions.lock_order import lock_in_order
from core.questions.review_queue import forget_scores
from core.questions.told import counts_as_told, is_as_late, state_as_told

State = Literal["open", "answered", "closed", "migrated", "deleted"]

CLOCKS_DIFFER = timedelta(days=1)  # at most, ours and a site's: an activity is not later than that
STORE_ROWS = 500  # of one statement: well below SQLite's 32,766 variables
_TICK = timedelta.resolution


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
        state_at: since when it is so, or as of when it is open; None where the source says what is
            so now.
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
    state_at: datetime | None = None

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
    priority: Priority = Priority.LIVE,
) -> Stored:
    """Insert or update questions by (site, question id); commits nothing.

    A row that holds a later activity than the question at hand is left as it is, so an old dump
    undoes no edit; one that was half a day ahead when it was stored holds nothing back. Nor does a
    state of the future, which is stored as of now. Tagging is requested, where `request_tagging`
    says so, of new questions, and of known ones that have never been tagged or whose title or body
    have changed since. Those gone from their site lose their requests.

        with engine.begin() as connection:
            stored = store(connection, questions, now=clock.now(), request_tagging=True)

    Args:
        connection: in a transaction.
        questions: in any order; of those with one key the last counts.
        now: UTC.
        request_tagging: whether they are to be tagged; the training corpus is not.
        priority: of the requests that are made.
    """
    plan_anew(connection)
    unique = {(q.site, q.question_id): q for q in questions}
    rows = [unique[key] for key in sorted(unique)]  # one order for all writers: no deadlock
    new = changed = 0
    edited: list[_Written] = []
    same: list[_Row] = []
    gone: list[int] = []
    for start in range(0, len(rows), STORE_ROWS):
        chunk = rows[start : start + STORE_ROWS]
        known = _find_known(connection, chunk)
        new += sum((q.site, q.question_id) not in known for q in chunk)
        left = dict(known)
        for row in _upsert(connection, chunk, known, now=now):
            old = left.pop((row.site, row.question_id), None)
            changed += old is not None and old.content_hash != row.content_hash
            unedited = old is not None and old.content_hash == row.content_hash
            if row.state in GONE:
                gone.append(row.id)
            else:
                (same if unedited else edited).append(row)
        same += [row for row in left.values() if row.state not in GONE]  # nothing newer came
    # After all questions: whoever locks both locks the questions first.
    requested = _choose_requested(connection, edited, same, request=request_tagging)
    keys = tuple(row.id for row in requested)
    clear_requests(connection, gone, requested=keys)
    _request(connection, requested, priority, now=now)
    return Stored(new, changed, len(rows) - new - changed, keys)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is stored of a question already."""

    id: int
    site: str
    state: str
    content_hash: str
    author_tags: frozenset[str]


def _find_known(
    connection: Connection, questions: Sequence[FetchedQuestion]
) -> dict[tuple[str, int], _Known]:
    known: dict[tuple[str, int], _Known] = {}
    for site, group in groupby(questions, key=lambda q: q.site):
        pks = _find_keys(connection, site, [question.question_id for question in group])
        if not pks:
            continue
        these = one_of(connection, Question.id, pks)
        lock_in_order(connection, these)
        columns = Question.id, Question.state, Question.content_hash, Question.author_tags
        found = select(Question.question_id, *columns).where(these)
        for number, pk, state, content_hash, tags in connection.execute(found):
            known[site, number] = _Known(pk, site, state, content_hash, frozenset(tags))
    return known


def _find_keys(connection: Connection, site: str, numbers: Sequence[int]) -> Sequence[int]:
    """Return the keys of the rows that a site's questions have."""
    if connection.dialect.name == "sqlite":
        asked = select(Question.id).where(Question.site == site)
        return connection.scalars(
            asked.where(one_of(connection, Question.question_id, numbers))
        ).all()
    # One after another by their index. By all numbers at once, Postgres reads all of the site, for
    # as long as nobody has analysed a table that grows.
    given = each_of(numbers)
    own = (Question.site == site, Question.question_id == given.c.key)
    one = select(Question.id).where(*own).offset(literal_column("0")).lateral("one")
    return connection.scalars(select(one.c.id).select_from(given.join(one, true()))).all()


class _Written(Protocol):
    """What the database gives back of a question that was written."""

    id: int
    site: str
    question_id: int
    content_hash: str
    author_tags: list[str]
    state: str
    is_new: bool


_Row = _Known | _Written


def _upsert(
    connection: Connection,
    questions: Sequence[FetchedQuestion],
    known: dict[tuple[str, int], _Known],
    *,
    now: datetime,
) -> list[_Written]:
    """Write one chunk, and the tags of those whose tags are others; return what was written."""
    rows = [_as_row(q, now=now) for q in questions]
    insert = dialect_insert(connection, Question)
    if connection.dialect.name != "sqlite":
        insert = insert.from_select([*rows[0]], given_rows(Question, [*rows[0]], rows))
    excluded = insert.excluded
    newest = {name: excluded[name] for name in _NEWEST_COLUMNS}
    known_or_new = {
        name: func.coalesce(excluded[name], getattr(Question, name)) for name in _OPTIONAL_COLUMNS
    } | counts_as_told(excluded)
    statement = insert.on_conflict_do_update(
        index_elements=["site", "question_id"],
        set_={
            **newest,
            **known_or_new,
            "fetched_at": excluded.fetched_at,
            **state_as_told(excluded),
        },
        where=is_as_late(excluded, is_sqlite=connection.dialect.name == "sqlite"),
    )
    is_new = "true" if connection.dialect.name == "sqlite" else "xmax = 0"  # of no row before
    returned = (getattr(Question, name) for name in _RETURNED)
    returning = statement.returning(*returned, literal_column(is_new).label("is_new"))
    # On SQLite as parameters, not as values(), whose 9,000 names would be compiled each time.
    given = rows if connection.dialect.name == "sqlite" else None
    written: list[Any] = list(connection.execute(returning, given))
    _write_tags(connection, written, known)
    return written


def _choose_requested(
    connection: Connection, edited: list[_Written], same: list[_Row], *, request: bool
) -> list[_Row]:
    """Those whose tagging is requested by this writing, in the order of their keys.

    Args:
        connection: holds the locks of all of them.
        edited: whose text is new or another.
        same: whose text was there before, also where the one at hand is older.
        request: whether what has never been tagged is to be.
    """
    asked: Sequence[_Row] = same if request else edited
    known: set[int] = set()  # that are or were to be tagged
    for start in range(0, len(asked), STORE_ROWS):
        pks = [row.id for row in asked[start : start + STORE_ROWS]]
        tagged = exists().where(Prediction.question_pk == Question.id)
        these = one_of(connection, Question.id, pks)
        found = select(Question.id).where(these, or_(is_requested(), tagged))
        known.update(connection.execute(found).scalars())
    if request:
        chosen = [*edited, *(row for row in same if row.id not in known)]
    else:  # but an edit outdates what was requested before
        chosen = [row for row in edited if row.id in known]
    return sorted(chosen, key=lambda row: row.id)


def _request(
    connection: Connection, chosen: Sequence[_Row], priority: Priority, *, now: datetime
) -> None:
    """Request tagging from the start, of questions in the order of their keys."""
    if not chosen:
        return
    rows = [
        {"question_pk": row.id, "site": row.site, "priority": priority.value, "requested_at": now}
        for row in chosen
    ]
    insert = dialect_insert(connection, TaggingRequest)
    if connection.dialect.name != "sqlite":  # as one statement, not one a row
        insert = insert.from_select([*rows[0]], given_rows(TaggingRequest, [*rows[0]], rows))
    excluded, before = insert.excluded, TaggingRequest.priority
    statement = insert.on_conflict_do_update(
        index_elements=["question_pk"],
        set_={
            "requested_at": excluded.requested_at,
            "enqueued_at": None,
            "priority": case((excluded.priority < before, excluded.priority), else_=before),
            "attempts": 0,
            "error": None,
            "parked_at": None,
        },
    )
    connection.execute(statement, rows if connection.dialect.name == "sqlite" else None)


def _write_tags(
    connection: Connection, written: Sequence[_Written], known: dict[tuple[str, int], _Known]
) -> None:
    """Keep `question_tags` as the rows that were written have their author tags."""
    changed = []
    for row in written:
        old = known.get((row.site, row.question_id))
        if old is None or old.author_tags != frozenset(row.author_tags):
            changed.append(row)
    if not changed:
        return
    pks = [row.id for row in changed if not row.is_new or (row.site, row.question_id) in known]
    if pks:
        of_these = one_of(connection, QuestionTag.question_pk, pks)
        connection.execute(delete(QuestionTag).where(of_these))
        forget_scores(connection, pks)
    tags = ((row.id, tag, row.site) for row in changed for tag in sorted(set(row.author_tags)))
    insert_rows(connection, QuestionTag, ("question_pk", "tag", "site"), tags)


_RETURNED = ("id", "site", "question_id", "content_hash", "author_tags", "state")
_NEWEST_COLUMNS = ("title", "body", "author_tags", "content_hash", "last_activity_at")
_OPTIONAL_COLUMNS = ("link", "owner", "licence", "score", "answer_count", "created_at")


def _as_row(question: FetchedQuestion, *, now: datetime) -> dict[str, object]:
    state_at = None
    if question.state is not None:  # of now is what the API tells, and of the future nothing
        state_at = now if question.state_at is None else min(question.state_at, now - _TICK)
    active = question.last_activity_at
    return {
        "site": question.site,
        "question_id": question.question_id,
        "title": question.title,
        "body": question.body,
        "author_tags": list(question.author_tags),
        **{name: getattr(question, name) for name in _OPTIONAL_COLUMNS},
        "last_activity_at": None if active is None else min(active, now + CLOCKS_DIFFER),
        "fetched_at": now,
        "content_hash": question.content_hash(),
        "state": question.state or "open",
        "state_at": state_at,
        "state_told_at": state_at,
        "checked_at": now,
    }
