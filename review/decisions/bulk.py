"""One verdict on a tag for all questions of a filter, as one action that can be undone.

It is no review of the questions as a whole: they stay in the queue.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.engine import Connection

from core.database.keys import are_at_most, in_chunks, one_of
from core.database.review_tables import QueuedQuestion, Verdict
from core.database.tables import Question
from core.errors import ReviewConflict
from core.questions.lock_order import lock_in_order
from core.questions.verdicts import Decided
from review.decisions.actions import NewAction, find_repeated, record
from review.decisions.filters import (
    QueueFilter,
    conditions,
    has_tag,
    held_questions,
    is_of_site,
    is_open,
    questions_by_tag,
    rare_questions,
)
from review.decisions.states import OwnVerdict, State, read_states, replace_states

# Questions of one action: its preview and its transaction take a tenth of a second.
MOST: Final = 1_000
SHOWN: Final = 20
STRETCH: Final = 2_500  # questions of a tag that are looked at in one statement


@dataclass(frozen=True, slots=True)
class BulkVerdict:
    """What is said of which questions.

    Attributes:
        site: whose.
        chosen: those of them.
        tag: of which.
        verdict: what is said of it.
    """

    site: str
    chosen: QueueFilter
    tag: str
    verdict: Decided


@dataclass(frozen=True, slots=True)
class BulkPreview:
    """What a bulk verdict would decide on.

    Attributes:
        count: questions; more than MOST are counted no further, and cannot be decided at once.
        first: keys of the first ones.
    """

    count: int
    first: list[int]


@dataclass(frozen=True, slots=True)
class BulkSaved:
    """That a bulk verdict stands."""

    action_id: int
    count: int


def preview_bulk(connection: Connection, said: BulkVerdict, reviewer: str) -> BulkPreview:
    """Count the questions that a bulk verdict would decide on, and name the first."""
    pks = _find(connection, said, reviewer)
    return BulkPreview(len(pks), pks[:SHOWN])


def save_bulk(
    connection: Connection, said: BulkVerdict, *, reviewer: str, request_id: str, now: datetime
) -> BulkSaved:
    """Say the verdict of all questions that match; commits nothing.

    To be accepted or rejected, the tag is suggested or its author's; to be added, it is neither.
    A question on whose tag the reviewer has a verdict already is left as it is.

    Raises:
        ReviewConflict: there are more than MOST, or none, or the request's id belongs to another.
    """
    summary: dict[str, Any] = {
        "tag": said.tag,
        "verdict": said.verdict,
        "filter": said.chosen.to_json(),
    }
    new = NewAction(reviewer, request_id, "bulk", said.site, summary)
    if repeated := _find_saved(connection, new):
        return repeated
    pks = sorted(_find(connection, said, reviewer))
    if len(pks) > MOST:
        raise ReviewConflict(f"More than {MOST:,} questions match: narrow the filter.")
    if not pks:
        if repeated := _find_saved(connection, new):  # its twin may have been saved in between
            return repeated
        raise ReviewConflict("Nothing matches.")
    before = _lock_undecided(connection, said.tag, reviewer, pks)
    new = replace(new, summary=summary | {"count": len(before)})
    key = record(connection, new, before, now=now)
    if key is None:  # sent twice at once
        return save_bulk(connection, said, reviewer=reviewer, request_id=request_id, now=now)
    own = OwnVerdict(said.verdict, settles=False, at=now)
    after = {
        pk: State({**state.verdicts, said.tag: own}, state.review) for pk, state in before.items()
    }
    replace_states(connection, reviewer, after)
    return BulkSaved(key, len(before))


def _find_saved(connection: Connection, new: NewAction) -> BulkSaved | None:
    """What the same request has saved before."""
    done = find_repeated(connection, new)
    return None if done is None else BulkSaved(done.id, done.summary["count"])


def _lock_undecided(
    connection: Connection, tag: str, reviewer: str, pks: Sequence[int]
) -> dict[int, State]:
    """Lock questions; what stands on those whose tag the reviewer has not decided meanwhile."""
    lock_in_order(connection, one_of(connection, Question.id, pks))
    states = read_states(connection, reviewer, pks)
    return {pk: state for pk, state in states.items() if tag not in state.verdicts}


def _find(connection: Connection, said: BulkVerdict, reviewer: str) -> list[int]:
    """Keys of the open questions that match, in their order; MOST + 1 at most."""
    matching = _matching(said, reviewer)
    by_key = matching.where(is_of_site(connection, said.site))
    rare = rare_questions(connection, said.chosen, said.site)
    if rare is not None:
        of_tag = by_key.where(QueuedQuestion.question_pk.in_(rare))
        return list(connection.scalars(of_tag.limit(MOST + 1)))
    parts = _parts(connection, said)
    if parts is None:
        of_site = matching.where(QueuedQuestion.site == said.site)
        return list(connection.scalars(of_site.limit(MOST + 1)))
    found: list[int] = []
    for is_of_part in parts:
        found += connection.scalars(by_key.where(is_of_part).limit(MOST + 1 - len(found)))
        if len(found) > MOST:
            break
    return found


def _parts(connection: Connection, said: BulkVerdict) -> Iterator[ColumnElement[bool]] | None:
    """Whether a row of the queue is of one part after another of a tag's questions.

    Of the verdict's tag, or of one of the filter's that has not too many; None where a tag is to be
    added, and so to almost all.
    """
    is_added = said.verdict == "added"
    if not is_added and are_at_most(connection, _questions_of_tag(said), STRETCH):
        return _stretches(connection, said)
    for keys in held_questions(connection, said.chosen, said.site):
        return _chunks(connection, keys)
    return None if is_added else _stretches(connection, said)


def _questions_of_tag(said: BulkVerdict) -> Select[int]:
    (keys,) = questions_by_tag(QueueFilter(tag=said.tag), said.site)
    return keys


def _chunks(connection: Connection, keys: Select[int]) -> Iterator[ColumnElement[bool]]:
    """Whether a row of the queue is of the next of some keys, so many that a plan is sure."""
    ordered = sorted(set(connection.scalars(keys)))
    for chunk in in_chunks(ordered):
        yield one_of(connection, QueuedQuestion.question_pk, chunk)


def _stretches(connection: Connection, said: BulkVerdict) -> Iterator[ColumnElement[bool]]:
    """Whether a row of the queue is of a stretch of the tag's questions, by the tag's index."""
    all_keys = _questions_of_tag(said)
    pk = all_keys.selected_columns[0]
    last = -1
    while True:
        first = all_keys.where(pk > last).order_by(pk).limit(STRETCH).subquery()
        end = connection.scalar(select(func.max(first.c[0])))
        if end is None:
            return
        yield QueuedQuestion.question_pk.in_(all_keys.where(pk > last, pk <= end))
        last = end


def _matching(said: BulkVerdict, reviewer: str) -> Select[int]:
    """A SELECT of what matches, of all sites."""
    is_tagged = has_tag(said.tag)
    has_verdict = exists().where(
        Verdict.question_pk == QueuedQuestion.question_pk,
        Verdict.reviewer == reviewer,
        Verdict.tag == said.tag,
    )
    return (
        select(QueuedQuestion.question_pk)
        .join(Question, Question.id == QueuedQuestion.question_pk)
        .where(
            is_open(),
            *conditions(said.chosen),
            ~is_tagged if said.verdict == "added" else is_tagged,
            ~has_verdict,
        )
        .order_by(QueuedQuestion.question_pk)
    )
