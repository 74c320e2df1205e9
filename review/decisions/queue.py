"""The next question for a reviewer: found by a walk, spread out, and claimed."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from typing import Final

from sqlalchemy import Engine, Select, delete, func, select
from sqlalchemy.engine import Connection

from core.database.engine import reading
from core.database.keys import one_of
from core.database.review_tables import QueuedQuestion, ReviewAction, ReviewChange, ReviewClaim
from core.database.tables import ModelVersion, Question
from review.decisions.claims import ANY_QUEUE, claim_question, release_claim
from review.decisions.filters import is_open, is_there, is_undecided, is_waiting
from review.decisions.walk import (
    Asking,
    Candidate,
    count_left,
    find_candidates,
)

ENOUGH: Final = 30  # candidates, of which the first that is not much like the last ones is taken
RECENT: Final = 5  # questions that the next one should not be like
ALIKE: Final = 0.5  # Jaccard similarity of two titles' words
TRIES: Final = 3
MOST_LEFT: Final = 1_000  # questions that are counted

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Next:
    """The question that is the reviewer's for some minutes, and how many are left.

    Attributes:
        pk: its key.
        left: how many questions, this one with them, but none that is not wanted now; None where
            there are more than are counted, or a filter makes them too many to look at.
    """

    pk: int
    left: int | None


def next_question(engine: Engine, asking: Asking, rng: random.Random | None = None) -> Next | None:
    """Claim the next question for a reviewer; in transactions of its own.

    The one that was claimed by the same question before comes again, as after a reload.

    Returns:
        The question; None where nothing is left.
    """
    rng = rng or random.Random()  # noqa: S311 (an order, no secret)
    with reading(engine) as connection:
        own = _own_claims(connection, asking)
        left = _count_left(connection, asking)
    for pk in own:
        if _claim(engine, asking, pk):
            return Next(pk, left)
    for _ in range(TRIES):  # all candidates may be taken by others meanwhile
        with reading(engine) as connection:
            candidates = _spread_out(connection, asking, rng)
        if not candidates:
            return None
        for candidate in candidates:
            if _claim(engine, asking, candidate.pk):
                return Next(candidate.pk, left)
    return None


def _sites(connection: Connection, asking: Asking) -> list[str]:
    if asking.chosen.site is not None:
        return [asking.chosen.site]
    return sorted(connection.scalars(select(ModelVersion.site).distinct()))


def _own_claims(connection: Connection, asking: Asking) -> list[int]:
    """Keys of questions that stand on the reviewer's screen, what was undone before all others."""
    queues = (ANY_QUEUE, asking.chosen.digest(asking.order))
    claims = (
        select(ReviewClaim.question_pk)
        .where(
            ReviewClaim.reviewer == asking.reviewer,
            ReviewClaim.until > asking.now,
            ReviewClaim.queue.in_(queues),
        )
        .order_by(ReviewClaim.queue, ReviewClaim.until)
    )
    pks = list(connection.scalars(claims))
    if not pks:
        return []
    # Not by a join, which SQLite would begin with all questions of the site.
    columns = select(Question.id, Question.site, Question.question_id)
    there = (Question.id.in_(pks), is_there(asking.chosen))
    questions = connection.execute(columns.where(*there))
    site = asking.chosen.site
    wanted = {
        row.id
        for row in questions
        if site in (None, row.site) and (row.site, row.question_id) not in asking.skip_ids
    }
    return [pk for pk in pks if pk in wanted]


def _spread_out(connection: Connection, asking: Asking, rng: random.Random) -> list[Candidate]:
    """The first candidates of all sites, those that are much like the last questions at the end."""
    by_site = [
        find_candidates(connection, asking, site, enough=ENOUGH, rng=rng)
        for site in _sites(connection, asking)
    ]
    first = list(islice(merge(*by_site, key=lambda one: one.place), ENOUGH))
    recent = _recent(connection, asking)
    return sorted(first, key=lambda one: _is_alike(one, recent))


def _recent(connection: Connection, asking: Asking) -> list[tuple[int, frozenset[str]]]:
    """Key and title's words of what the reviewer decided last, and of what is on the screen."""
    decided = (
        select(Question.id, Question.title)
        .join(ReviewChange, ReviewChange.question_pk == Question.id)
        .where(ReviewChange.action_id.in_(_last_actions(asking.reviewer)))
        .limit(RECENT)
    )
    claimed = (
        select(Question.id, Question.title)
        .join(ReviewClaim, ReviewClaim.question_pk == Question.id)
        .where(ReviewClaim.reviewer == asking.reviewer, ReviewClaim.until > asking.now)
        .limit(RECENT)
    )
    rows = [*connection.execute(decided), *connection.execute(claimed)]
    return [(row.id, _words(row.title)) for row in rows]


def _last_actions(reviewer: str) -> Select[int]:
    newest = (
        select(ReviewAction.id)
        .where(ReviewAction.reviewer == reviewer, ReviewAction.kind != "bulk")
        .order_by(ReviewAction.id.desc())
        .limit(RECENT)
    )
    return select(newest.subquery().c.id)


def _words(title: str) -> frozenset[str]:
    return frozenset(_WORD.findall(title.lower()))


def _is_alike(one: Candidate, recent: Sequence[tuple[int, frozenset[str]]]) -> bool:
    words = _words(one.title)
    return any(
        pk != one.pk and len(words & other) >= ALIKE * len(words | other) for pk, other in recent
    )


def _claim(engine: Engine, asking: Asking, pk: int) -> bool:
    """Claim a question, unless another has it or it was done with since it was found."""
    queue = asking.chosen.digest(asking.order)
    with engine.begin() as connection:
        gone = (ReviewClaim.reviewer == asking.reviewer, ReviewClaim.until <= asking.now)
        connection.execute(delete(ReviewClaim).where(*gone))
        if not claim_question(connection, pk, asking.reviewer, queue=queue, now=asking.now):
            return False
        if _is_wanted(connection, asking, pk):
            return True
        release_claim(connection, pk, asking.reviewer)
        return False


def _is_wanted(connection: Connection, asking: Asking, pk: int) -> bool:
    queue = QueuedQuestion
    wanted = (
        (queue.conflicting,)
        if asking.order == "conflicts"
        else (is_open(), is_undecided(asking.reviewer, asking.order))
    )
    found = (
        select(queue.question_pk)
        .join(Question, Question.id == queue.question_pk)
        .where(queue.question_pk == pk, is_there(asking.chosen), *wanted)
    )
    return connection.execute(found).first() is not None


def _count_left(connection: Connection, asking: Asking) -> int | None:
    """How many are left, without a filter; a few milliseconds at most."""
    chosen = asking.chosen
    if chosen.to_json().keys() - {"site"}:
        return None
    left, sites = 0, _sites(connection, asking)
    for site in sites:
        left += count_left(connection, asking, site, most=MOST_LEFT + 1)
        if left > MOST_LEFT:
            return None
    return left - sum(_count_skipped(connection, asking, site) for site in sites)


def _count_skipped(connection: Connection, asking: Asking, site: str) -> int:
    """How many of those that are left are not wanted now: they stand on the page, or stood there.

    What has just been decided on may not have arrived yet.
    """
    numbers = [number for of, number in asking.skip_ids if of == site]
    if not numbers:
        return 0
    of_site = (Question.site == site, Question.question_id.in_(numbers), is_there(asking.chosen))
    keys = connection.scalars(select(Question.id).where(*of_site))
    wanted = (*is_waiting(asking.order), is_undecided(asking.reviewer, asking.order))
    counted = select(func.count()).select_from(QueuedQuestion)
    are_left = (one_of(connection, QueuedQuestion.question_pk, keys), *wanted)
    return connection.scalar(counted.where(*are_left)) or 0
