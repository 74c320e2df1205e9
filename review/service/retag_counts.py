"""How many questions a promotion would tag again, before somebody chooses which.

To count them takes what tagging requests of them takes: of a million questions many seconds. Where
a site has more than LARGE, a sample of SAMPLE of its questions tells; of the recent ones, which may
be too few for it, only where they are more than LARGE too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, get_args

from sqlalchemy import and_, case, func, literal, or_, select
from sqlalchemy.engine import Connection

from core.database.keys import one_of
from core.database.tables import Question
from core.database.views import SiteCount
from core.questions.requests import is_to_retag
from core.settings import Retag

LARGE: Final = 20_000  # questions of a site; to count them takes a tenth of a second
SAMPLE: Final = 2_000  # of a site's; a half of them is told to 4.4% in 19 of 20 cases
MOST_KEYS: Final = 20_000  # that are looked up in search of so many, where other sites have more
_GOLDEN: Final = (5**0.5 - 1) / 2


@dataclass(frozen=True, slots=True)
class RetagCounts:
    """By each choice, how many questions would be tagged again, and those that a sample told."""

    counts: Mapping[Retag, int]
    estimates: frozenset[Retag] = frozenset()


def count_retags(connection: Connection, site: str, *, since: datetime) -> RetagCounts:
    """Return what retag() would request by each choice.

    Args:
        connection: reads only.
        site: its name.
        since: from when on questions are recent ones. UTC.
    """
    choices: tuple[Retag, ...] = get_args(Retag)
    stored = select(func.sum(SiteCount.questions)).where(SiteCount.site == site)
    questions = int(connection.scalar(stored) or 0)
    if questions <= LARGE:
        return RetagCounts(_count(connection, site, choices, since))
    few: tuple[Retag, ...] = () if _are_many(connection, site, since) else ("recent",)
    told = _sample(connection, site, questions, since)
    counted = _count(connection, site, few, since)
    return RetagCounts({**told, **counted}, frozenset(told) - {*few, "none"})


def _count(
    connection: Connection, site: str, choices: Sequence[Retag], since: datetime
) -> dict[Retag, int]:
    counted = select(func.count()).select_from(Question).where(Question.site == site)
    return {
        which: connection.scalar(counted.where(*is_to_retag(which, since))) or 0
        for which in choices
    }


def _are_many(connection: Connection, site: str, since: datetime) -> bool:
    """Whether recent questions are more than LARGE, and those without a date, which may be."""
    recent = or_(Question.created_at >= since, Question.created_at.is_(None))
    behind = select(literal(1)).where(Question.site == site, recent).offset(LARGE).limit(1)
    return connection.execute(behind).first() is not None


def _sample(connection: Connection, site: str, questions: int, since: datetime) -> dict[Retag, int]:
    """What of each choice a sample of the site's questions tells; all at once, by their keys."""
    choices: tuple[Retag, ...] = get_args(Retag)
    last = connection.scalar(select(func.max(Question.id))) or 0
    keys = _spread(last, min(MOST_KEYS, SAMPLE * last // questions))
    met = (func.sum(case((and_(*is_to_retag(which, since)), 1), else_=0)) for which in choices)
    # Written so that no index of the site leads.
    of_site = Question.site.concat("") == site
    rows = select(func.count(), *met).where(one_of(connection, Question.id, keys), of_site)
    of_all, *of_each = connection.execute(rows).one()
    share = questions / max(1, of_all)  # how many questions each of them stands for
    return {
        which: round((count or 0) * share) for which, count in zip(choices, of_each, strict=True)
    }


def _spread(last: int, count: int) -> list[int]:
    """So many numbers from 1 to the last: one somewhere in each of as many equal stretches.

    Where in it changes from stretch to stretch by the golden ratio, so nothing that comes back at
    every second or third key is always met or always missed.
    """
    stretch = max(1.0, last / count)
    places = range(int(last / stretch))
    return [int((place + place * _GOLDEN % 1.0) * stretch) + 1 for place in places]
