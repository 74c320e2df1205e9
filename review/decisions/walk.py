"""Walks the queue in an order, by its indexes, until enough questions are found.

In steps that grow: most requests end after the first, of a hundred rows; none looks at more than
`STEPS` say, and what does not match among them is as good as not there, unless a tag's index leads
to it: of a common tag, to the newest ones. What the reviewer is done with is looked for among
what matches alone; where that is more than what is left, another walk leaves it out, and looks for
it row by row. On Postgres the keys of a tag's questions are held in
memory from the second step on, and asked first. Rows come unordered out of each step and are put in
order here, so that no plan has to sort or to keep an order.
"""

import random
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, TextClause, exists, func, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.orm import aliased

from core.database.keys import HELD, are_at_most, is_held, one_of
from core.database.review_tables import QueuedQuestion, ReviewClaim
from core.database.tables import Question
from core.questions.gone import gone_keys
from review.decisions.filters import (
    Order,
    QueueFilter,
    conditions,
    find_decision,
    held_questions,
    hold_words,
    is_impossible,
    is_of_site,
    is_open,
    is_undecided,
    is_waiting,
    newest_questions,
    rare_questions,
)

STEPS: Final = (100, 900, 4_000)  # rows; of a random order, from its start and before it
TAG_STEP: Final = 2_000  # of a tag's questions, where the walk meets none
TAG_SECONDS: Final = 0.15  # after which no other ones are looked up
SOME: Final = 5  # candidates, after which no third step is taken

# Of Postgres, for the transaction. To start workers takes longer than the walk. Where nobody has
# analysed the tables it may sort the whole queue, and go through all that the reviewer has done for
# each question of it: 4 to 14 s of 60,000 questions. Plans for analysed tables do neither. Of a
# statement that comes for one site after the other it would keep a plan for rows of any number.
_SETTINGS: Final = (
    "max_parallel_workers_per_gather = 0",
    "enable_sort = off",
    "enable_material = off",
    "plan_cache_mode = force_custom_plan",
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A question that a reviewer may be given next; the smallest place comes first."""

    pk: int
    title: str
    place: float


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks for which questions, in which order.

    Attributes:
        reviewer: gets none that is done with, or that stands on another one's screen.
        order: of the queue.
        chosen: the filter.
        skip_ids: site and number of questions that are not wanted now.
        now: UTC.
    """

    reviewer: str
    order: Order
    chosen: QueueFilter
    skip_ids: tuple[tuple[str, int], ...]
    now: datetime


def find_candidates(
    connection: Connection, asking: Asking, site: str, *, enough: int, rng: random.Random
) -> list[Candidate]:
    """Return some of a site's questions that match, the first ones of the order.

    Args:
        connection: to read from.
        asking: what is wanted.
        site: one of those that the filter allows.
        enough: the first step of the walk is the last one where it finds so many.
        rng: where a random order begins.
    """
    if is_impossible(connection, asking.chosen, site):
        return []
    if connection.dialect.name == "postgresql":
        for setting in _SETTINGS:
            connection.execute(text(f"SET LOCAL {setting}"))
    rare = rare_questions(connection, asking.chosen, site)
    if rare is not None:
        steps = _steps_of_keys(connection, asking, site, rare, rng)
        return _first(connection, steps, asking, enough, rng) or []
    parts = _parts(connection, asking, site, rng)
    found = _first(connection, _steps(connection, asking, site, parts), asking, enough, rng)
    if found is None:
        left = [part.where(is_undecided(asking.reviewer, asking.order)) for part in parts]
        found = _first(connection, _steps(connection, asking, site, left), asking, enough, rng)
    return found or _some_of_tag(connection, asking, site, rng)


def _first(
    connection: Connection,
    steps: Iterable[Select[*tuple[Any, ...]]],
    asking: Asking,
    enough: int,
    rng: random.Random,
) -> list[Candidate] | None:
    """What the first steps give, until it is enough; after two of them, until it is some.

    None where the reviewer is done with more of what they meet.
    """
    found: list[Candidate] = []
    decided = 0
    for number, step in enumerate(steps):
        rows = connection.execute(step).all()
        left = [row for row in rows if row.is_left]
        found += _place(left, asking, rng)
        decided += len(rows) - len(left)
        if len(found) >= (min(enough, SOME) if number > 0 else enough):
            break
        if decided > len(found):
            return None
    return found[:enough]


def _steps_of_keys(
    connection: Connection, asking: Asking, site: str, keys: Select[int], rng: random.Random
) -> Iterator[Select[*tuple[Any, ...]]]:
    """SELECTs of what matches of some keys, which are put in their order before.

    The filter is asked of the first ones alone: it looks into three tables for each.
    """
    queue = QueuedQuestion
    columns = (queue.question_pk, queue.predicted_at, queue.uncertainty, queue.label_quality)
    of_keys = _are_of_keys(connection, asking, site, keys)
    chosen = select(*columns).where(*of_keys, *is_waiting(asking.order))
    rows = connection.execute(chosen).all()
    places = [(_place_of(row, asking.order, rng), row.question_pk) for row in rows]
    ordered = [pk for _, pk in sorted(places)]
    for start in range(0, len(ordered), STEPS[0]):
        stretch = ordered[start : start + STEPS[0]]
        still = _rows(asking, queue).where(one_of(connection, queue.question_pk, stretch))
        if connection.dialect.name == "postgresql":  # where a worker may have unset scores since
            still = still.where(*is_waiting(asking.order))
        yield still.where(is_undecided(asking.reviewer, asking.order))


def _some_of_tag(
    connection: Connection, asking: Asking, site: str, rng: random.Random
) -> list[Candidate]:
    """Of a tag's questions, none of which the walk has met, the newest some that match.

    They are looked up stretch by stretch, until there are some, or a time is over: for a tag's
    suggestions half of it, where its authors' questions are wanted, too.
    """
    each = newest_questions(asking.chosen, site)
    for keys in each:
        ends_at = time.monotonic() + TAG_SECONDS / len(each)
        for offset in count(0, TAG_STEP):
            stretch = keys.limit(TAG_STEP).offset(offset)
            of_tag = _are_of_keys(connection, asking, site, stretch)
            waiting = (*is_waiting(asking.order), is_undecided(asking.reviewer, asking.order))
            rows = _rows(asking, QueuedQuestion).where(*of_tag, *waiting)
            some = rows.limit(STEPS[0] + len(asking.skip_ids))
            found = _place(connection.execute(some).all(), asking, rng)
            if found:
                return found
            is_over = time.monotonic() >= ends_at
            if is_over or are_at_most(connection, keys.offset(offset), TAG_STEP):
                break
    return []


def _are_of_keys(
    connection: Connection, asking: Asking, site: str, keys: Select[int]
) -> list[ColumnElement[bool] | TextClause]:
    """Conditions of rows of the queue of a site that are looked up by these keys."""
    key, of_site = QueuedQuestion.question_pk, is_of_site(connection, site)
    if connection.dialect.name != "postgresql":
        return [key.in_(keys), of_site]
    # Of a subquery, Postgres may look for each of the queue's questions in it: 3 to 8 s of 200,000.
    found = connection.scalars(keys).all()
    words = hold_words(asking.chosen)
    if words:  # a look at the title takes a third of what all the rest does
        found = connection.scalars(
            select(Question.id).where(one_of(connection, Question.id, found), *words)
        ).all()
    return [one_of(connection, key, found), of_site]


def _steps(
    connection: Connection, asking: Asking, site: str, parts: Sequence[Select[*tuple[Any, ...]]]
) -> Iterator[Select[*tuple[Any, ...]]]:
    """SELECTs of what matches in one stretch of the order after another."""
    # SQLite looks a row up in less time than it takes to hold some keys.
    held: list[Select[int]] | None = None if connection.dialect.name == "postgresql" else []
    for part in parts:
        offset = 0
        for rows in STEPS:
            queue = aliased(QueuedQuestion, part.limit(rows).offset(offset).subquery())
            if offset and held is None:
                held = held_questions(connection, asking.chosen, site)
            among = (is_held(queue.question_pk, keys, most=2 * HELD) for keys in held or ())
            yield _rows(asking, queue).where(*among)
            offset += rows


def _parts(
    connection: Connection, asking: Asking, site: str, rng: random.Random
) -> list[Select[*tuple[Any, ...]]]:
    """The walk's own SELECTs, of the queue alone: one, or two where it begins in the middle.

    What the reviewer is done with is among them: to look for it takes more than to walk on.
    """
    queue = QueuedQuestion
    keys = select(*queue.__table__.c).where(queue.site == site, *is_waiting(asking.order))
    match asking.order:
        case "newest":
            if asking.chosen.since is not None:
                keys = keys.where(queue.predicted_at >= asking.chosen.since)
            return [keys.order_by(queue.predicted_at.desc(), queue.question_pk.desc())]
        case "uncertain":
            return [keys.order_by(queue.uncertainty.desc(), queue.question_pk.desc())]
        case "disputed":
            return [keys.order_by(queue.label_quality, queue.question_pk)]
        case "conflicts":
            return [keys.order_by(queue.question_pk)]
        case "random":
            start = _random_key(connection, site, rng)
            ordered = keys.order_by(queue.question_pk)
            return [
                ordered.where(queue.question_pk >= start),
                ordered.where(queue.question_pk < start),
            ]


def _random_key(connection: Connection, site: str, rng: random.Random) -> int:
    open_ones = (QueuedQuestion.site == site, is_open())
    key = QueuedQuestion.question_pk
    first = connection.scalar(select(func.min(key)).where(*open_ones))
    last = connection.scalar(select(func.max(key)).where(*open_ones))
    return 0 if first is None or last is None else rng.randint(first, last)


def _rows(asking: Asking, queue: type[QueuedQuestion]) -> Select[*tuple[Any, ...]]:
    """A SELECT of the queue's rows that match and nobody else has on the screen.

    `is_left` tells whether the reviewer is not done with one.
    """
    # Asked of what matches alone; of an EXISTS Postgres may gather all that the reviewer has done.
    decision = find_decision(asking.reviewer, asking.order, queue)
    claimed = exists().where(
        ReviewClaim.question_pk == queue.question_pk,
        ReviewClaim.reviewer != asking.reviewer,
        ReviewClaim.until > asking.now,
    )
    return (
        select(
            queue.question_pk,
            queue.predicted_at,
            queue.uncertainty,
            queue.label_quality,
            Question.title,
            Question.site,
            Question.question_id,
            decision.limit(1).scalar_subquery().is_(None).label("is_left"),
        )
        .join(Question, Question.id == queue.question_pk)
        .where(*conditions(asking.chosen, queue), ~claimed)
    )


def _place(rows: Sequence[Any], asking: Asking, rng: random.Random) -> list[Candidate]:
    """Candidates in their order, without what is not wanted now."""
    skipped = frozenset(asking.skip_ids)
    found = [
        Candidate(row.question_pk, row.title, _place_of(row, asking.order, rng))
        for row in rows
        if (row.site, row.question_id) not in skipped
    ]
    return sorted(found, key=lambda one: (one.place, one.pk))


def _place_of(row: Any, order: Order, rng: random.Random) -> float:
    match order:
        case "newest":
            return -float(row.predicted_at.timestamp())
        case "uncertain":
            return -float(row.uncertainty)
        case "disputed":
            return float(row.label_quality)
        case "random":
            return rng.random()
        case "conflicts":
            return float(row.question_pk)


def count_left(connection: Connection, asking: Asking, site: str, *, most: int) -> int:
    """How many of a site's questions are left for the reviewer, at most `most`; of no filter.

    Those that are gone are taken off stretch by stretch: the plan of one statement may begin with
    all questions, and to look each one up takes four pages of a million.
    """
    key = QueuedQuestion.question_pk
    waiting = (QueuedQuestion.site == site, *is_waiting(asking.order))
    undecided = is_undecided(asking.reviewer, asking.order)
    keys = select(key).where(*waiting, undecided).order_by(key)
    left, offset, length = 0, 0, most
    while left < most:
        stretch, gone = keys.offset(offset).limit(length).subquery(), gone_keys()
        both = stretch.outerjoin(gone, gone.c.id == stretch.c.question_pk)
        counted = select(func.count(), func.count(gone.c.id)).select_from(both)
        met, missing = connection.execute(counted).one()
        left += met - missing
        if met < length:
            break
        offset, length = offset + length, 2 * length
    return min(left, most)
