"""Pages of questions, found without offsets, and without looking at a whole table at once.

A filter for which an index gives few questions looks at these alone. Any other one walks through
the site's questions in their order, in stretches that grow, until the page is full or a time is
over: the page then holds what was found so far, and its cursor goes on where the walk stopped.
Where an index gives not too many questions, the walk passes over all others at once on Postgres.
Filters are asked of keys, some hundreds at once: in one statement with the walk, Postgres asked
them of the whole table first.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import ColumnElement, Engine, Select, and_, func, or_, select
from sqlalchemy.engine import Connection

from core.database.engine import reading
from core.database.keys import CHUNK, HELD, in_chunks, is_held, one_of
from core.database.tables import Question
from review.browse.cursors import Place
from review.browse.filters import BrowseFilter, bounds, conditions, few_keys, held_keys
from review.browse.rows import BrowsedQuestion, read_rows

PAGE: Final = 50
STRETCHES: Final = (100, 500)  # questions that are walked through at once, then so on
FAST_STRETCHES: Final = (1_000, 16_000)  # where most are passed over
WALK_SECONDS: Final = 0.06  # from which on no other stretch is begun


@dataclass(frozen=True, slots=True)
class Page:
    """Questions in their order, and where the next page begins.

    Attributes:
        questions: the newest first.
        next: None where there are no more.
        looked_to: number of the question that the walk has come to, where the page is not full and
            it goes on nevertheless.
    """

    questions: list[BrowsedQuestion]
    next: Place | None
    looked_to: int | None = None


def find_page(
    connection: Connection,
    chosen: BrowseFilter,
    after: Place | None = None,
    *,
    size: int = PAGE,
    seconds: float = WALK_SECONDS,
) -> Page:
    """Return a page of questions, the newest first.

    Args:
        connection: reads only.
        chosen: the filter.
        after: where the page before ended.
        size: questions of a page at most.
        seconds: after which a walk ends with what it has found.
    """
    keys = few_keys(connection, chosen)
    if keys is not None:
        found = _first_of_keys(connection, chosen, after, keys, most=size + 1)
        return _page(connection, found[:size], chosen, more=len(found) > size)
    return _walk(connection, chosen, after, size=size, seconds=seconds)


def _first_of_keys(
    connection: Connection,
    chosen: BrowseFilter,
    after: Place | None,
    keys: Sequence[int],
    *,
    most: int,
) -> list[Any]:
    """The first questions of some keys that match; many are put into their order before."""
    behind = _behind(after) if after is not None else []
    if len(keys) <= CHUNK:
        return _of_keys(connection, chosen, keys, *behind, *conditions(chosen))
    # Within the dates: a question without one has no place in their order.
    within = _of_keys(connection, chosen, keys, *behind, *bounds(chosen))
    ordered = [row.id for row in within]
    found: list[Any] = []
    start = 0
    for length in _lengths(STRETCHES):
        stretch = ordered[start : start + length]
        if not stretch or len(found) >= most:
            return found
        found += _of_keys(connection, chosen, stretch, *conditions(chosen))
        start += length
    raise AssertionError("the lengths never end")


def _of_keys(
    connection: Connection,
    chosen: BrowseFilter,
    keys: Sequence[int],
    *wanted: ColumnElement[bool],
) -> list[Any]:
    """Which questions of some keys match, in their order; so many at once that a plan is sure."""
    found: list[Any] = []
    for chunk in in_chunks(keys):
        of_keys = one_of(connection, Question.id, chunk)
        found += connection.execute(_columns().where(of_keys, *wanted))
    return sorted(found, key=_place_of(chosen), reverse=True)


def _walk(
    connection: Connection,
    chosen: BrowseFilter,
    after: Place | None,
    *,
    size: int,
    seconds: float,
) -> Page:
    ends_at = time.monotonic() + seconds
    found: list[Any] = []
    # SQLite looks a row up in less time than it takes to hold some keys, or to name all of them.
    is_postgres = connection.dialect.name == "postgresql"
    held = held_keys(connection, chosen) if is_postgres else []
    at_once = is_postgres and not held
    lengths = _lengths(STRETCHES)
    length, most = FAST_STRETCHES if held else (next(lengths), 0)
    while True:
        keys, last = _stretch(connection, chosen, after, held, length=length)
        near = partial(one_of, connection, keys=keys) if at_once else None
        found += _of_keys(connection, chosen, keys, *conditions(chosen, near))
        if len(found) > size:
            return _page(connection, found[:size], chosen, more=True)
        if last is None:
            return _page(connection, found, chosen, more=False)
        after = last
        if time.monotonic() >= ends_at:
            questions = read_rows(connection, [row.id for row in found])
            return Page(questions, after, looked_to=after.number)
        # Where most are passed over, so many that about a statement's keys are left to look up.
        if held:
            length = min(most, max(FAST_STRETCHES[0], CHUNK * length // max(1, len(keys))))
        else:
            length = next(lengths)


def _stretch(
    connection: Connection,
    chosen: BrowseFilter,
    after: Place | None,
    held: Sequence[Select[int]],
    *,
    length: int,
) -> tuple[list[int], Place | None]:
    """The keys of the next so many questions that may match, and the last one's place.

    No place where there are no more. What is not among the held keys stays in the database.
    """
    ordered = _in_order(chosen, after).where(*bounds(chosen)).limit(length)
    if held:
        number = func.row_number().over(order_by=_order(chosen)).label("number")
        stretch = ordered.add_columns(number).subquery("may_match")
        # Room for those that came since they were counted: of too many, any would be left out.
        held_all = (is_held(stretch.c.id, keys, most=2 * HELD) for keys in held)
        is_last = stretch.c.number == length
        ordered = select(*stretch.c).where(or_(and_(*held_all), is_last)).order_by("number")
    rows = connection.execute(ordered).all()
    is_whole = bool(rows) and rows[-1].number == length if held else len(rows) == length
    return [row.id for row in rows], _place(rows[-1], chosen) if is_whole else None


def _columns() -> Select[*tuple[Any, ...]]:
    return select(Question.id, Question.question_id, Question.created_at)


def _place_of(chosen: BrowseFilter) -> Callable[[Any], tuple[Any, ...]]:
    """What rows are ordered by, ascending."""
    if chosen.by_date:
        return attrgetter("created_at", "question_id")
    return attrgetter("question_id")


def _lengths(first: Sequence[int]) -> Iterator[int]:
    yield from first
    while True:
        yield first[-1]


def _page(connection: Connection, found: list[Any], chosen: BrowseFilter, *, more: bool) -> Page:
    questions = read_rows(connection, [row.id for row in found])
    return Page(questions, _place(found[-1], chosen) if more else None)


def _place(row: Any, chosen: BrowseFilter) -> Place:
    return Place(row.question_id, row.created_at if chosen.by_date else None)


def _in_order(chosen: BrowseFilter, after: Place | None) -> Select[*tuple[Any, ...]]:
    """Keys and places of a site's questions behind a place, in their order."""
    statement = _columns().where(Question.site == chosen.site)
    if after is not None:
        statement = statement.where(*_behind(after))
    return statement.order_by(*_order(chosen))


def _order(chosen: BrowseFilter) -> list[ColumnElement[Any]]:
    if chosen.by_date:
        return [Question.created_at.desc(), Question.question_id.desc()]
    return [Question.question_id.desc()]


def _behind(after: Place) -> list[ColumnElement[bool]]:
    if after.created_at is None:
        return [Question.question_id < after.number]
    same = and_(Question.created_at == after.created_at, Question.question_id < after.number)
    # The first condition is for the index; the second alone would be read over all of it.
    return [
        Question.created_at <= after.created_at,
        or_(Question.created_at < after.created_at, same),
    ]


def find_all(
    engine: Engine, chosen: BrowseFilter, *, size: int = 1_000
) -> Iterator[list[BrowsedQuestion]]:
    """Yield all questions of a filter, a page at a time, each in a transaction of its own.

    Memory holds one page; a question that changes meanwhile stands as it is when its page is read.
    """
    place: Place | None = None
    while True:
        with reading(engine) as connection:
            page = find_page(connection, chosen, place, size=size, seconds=2)
        if page.questions:
            yield page.questions
        if page.next is None:
            return
        place = page.next
