"""How many questions a promotion would tag again, before somebody chooses which.

Only what is tagged or claimed can be. To count that takes what tagging requests of it takes: of a
million questions many seconds. Where it is more than LARGE, a sample of SAMPLE of the site's
questions tells; of the recent ones, which may be too few for it, only where they are more than
LARGE too. What fewer than FEW of the sample are is told by a bound.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, get_args

from sqlalchemy import and_, case, func, literal, select, union
from sqlalchemy.engine import Connection

from core.database.keys import one_of
from core.database.review_tables import QueuedQuestion
from core.database.tables import Question, TaggingRequest
from core.database.views import SiteCount
from core.questions.lifecycle import is_claimed
from core.questions.requests import is_to_retag
from core.settings import Retag

LARGE: Final = 20_000  # questions of a site; to count them takes a tenth of a second
FEW: Final = 100  # of a sample, which tell their share to a fifth in 19 of 20 cases
SAMPLE: Final = 2_000  # of a site's; a half of them is told to 4.4% in 19 of 20 cases
MOST_KEYS: Final = 20_000  # that are looked up in search of so many, where other sites have more
_GOLDEN: Final = (5**0.5 - 1) / 2


@dataclass(frozen=True, slots=True)
class RetagCounts:
    """By each choice, how many questions would be tagged again.

    Attributes:
        counts: by each choice.
        estimates: those of which a sample told about how many.
        bounds: those of which it told that they are no more than that.
    """

    counts: Mapping[Retag, int]
    estimates: frozenset[Retag] = frozenset()
    bounds: frozenset[Retag] = frozenset()

    def told(self, which: Retag) -> str:
        """The number of a choice, with how sure it is, for people."""
        sure = "about " if which in self.estimates else "at most "
        prefix = sure if which in self.estimates | self.bounds else ""
        return f"{prefix}{self.counts[which]:,}"


def count_retags(connection: Connection, site: str, *, since: datetime) -> RetagCounts:
    """Return what retag() would request by each choice.

    Args:
        connection: reads only.
        site: its name.
        since: from when on questions are recent ones. UTC.
    """
    choices: tuple[Retag, ...] = get_args(Retag)
    kept = (SiteCount.questions, SiteCount.tagged, SiteCount.requests)
    stored = select(*map(func.sum, kept)).where(SiteCount.site == site)
    questions, tagged, requests = (int(sum_ or 0) for sum_ in connection.execute(stored).one())
    # Those in hand are counted among all requests, of which there may be millions.
    most = tagged + (requests if tagged > LARGE else _count_claimed(connection, site))
    if most <= LARGE:
        return RetagCounts(_count(connection, site, choices, since))
    counted: dict[Retag, int] = {"none": 0}
    if not _are_many(connection, site, since):
        counted |= _count(connection, site, ("recent",), since)
    met, share = _sample(connection, site, questions, since)
    sampled = {which: count for which, count in met.items() if which not in counted}
    told = {which: min(most, round(_told(count) * share)) for which, count in sampled.items()}
    bounds = frozenset(which for which, count in sampled.items() if count < FEW)
    return RetagCounts(told | counted, frozenset(sampled) - bounds, bounds)


def _told(met: int) -> float:
    """How many of a sample are told where so many were met: of few, a bound that surely holds."""
    return met if met >= FEW else met + 2 * math.sqrt(met) + 4


def _count_claimed(connection: Connection, site: str) -> int:
    """How many of a site's questions a worker has in hand, or has tried."""
    claimed = select(func.count()).select_from(TaggingRequest).where(TaggingRequest.site == site)
    return connection.scalar(claimed.where(is_claimed())) or 0


def _count(
    connection: Connection, site: str, choices: Sequence[Retag], since: datetime
) -> dict[Retag, int]:
    tagged = select(QueuedQuestion.question_pk).where(QueuedQuestion.site == site)
    claimed = select(TaggingRequest.question_pk).where(TaggingRequest.site == site, is_claimed())
    # From which the database starts, however many others the site has.
    among = Question.id.in_(union(tagged, claimed).scalar_subquery())
    counted = select(func.count()).select_from(Question).where(Question.site == site, among)
    return {
        which: connection.scalar(counted.where(*is_to_retag(which, since))) or 0
        for which in choices
    }


def _are_many(connection: Connection, site: str, since: datetime) -> bool:
    """Whether recent questions are more than LARGE, and those without a date, which may be."""
    left = LARGE
    # One after the other: by either, the database reads those that are older, too.
    for recent in (Question.created_at >= since, Question.created_at.is_(None)):
        some = select(literal(1)).where(Question.site == site, recent).limit(left + 1)
        left -= connection.scalar(select(func.count()).select_from(some.subquery())) or 0
        if left < 0:
            return True
    return False


def _sample(
    connection: Connection, site: str, questions: int, since: datetime
) -> tuple[dict[Retag, int], float]:
    """How many of a sample of the site's questions each choice takes, by their keys.

    Returns:
        The numbers by each choice, and how many of the site's questions each of them stands for.
    """
    choices: tuple[Retag, ...] = get_args(Retag)
    last = connection.scalar(select(func.max(Question.id))) or 0
    keys = _spread(last, min(MOST_KEYS, SAMPLE * last // questions))
    taken = (func.sum(case((and_(*is_to_retag(which, since)), 1), else_=0)) for which in choices)
    # Written so that no index of the site leads.
    of_site = Question.site.concat("") == site
    rows = select(func.count(), *taken).where(one_of(connection, Question.id, keys), of_site)
    of_all, *of_each = connection.execute(rows).one()
    met = {which: count or 0 for which, count in zip(choices, of_each, strict=True)}
    return met, questions / max(1, of_all)


def _spread(last: int, count: int) -> list[int]:
    """So many numbers from 1 to the last: one somewhere in each of as many equal stretches.

    Where in it changes from stretch to stretch by the golden ratio, so nothing that comes back at
    every second or third key is always met or always missed.
    """
    stretch = max(1.0, last / count)
    places = range(int(last / stretch))
    return [int((place + place * _GOLDEN % 1.0) * stretch) + 1 for place in places]
