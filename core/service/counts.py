"""How many questions each site has, how many are tagged and pending; cheap however many there are.

Up to LARGE questions in all they are counted. Above, small sites are still counted, and small
numbers of pending questions; of the others a sample tells, which looks at SAMPLE keys that stand
evenly among all: by the usual reckoning it is off by 1% of the table where half of its rows count.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, literal, select
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement

from core.database.keys import one_of
from core.database.review_tables import QueuedQuestion
from core.database.tables import Question, TaggingRequest
from core.questions.lifecycle import is_pending

LARGE: Final = 100_000  # questions; counting them takes 30 ms
SMALL: Final = 10_000  # of a site, or pending ones of it, which are counted in a large table too
SAMPLE: Final = 10_000
_GOLDEN: Final = (5**0.5 - 1) / 2


@dataclass(frozen=True, slots=True)
class Counts:
    """A site's numbers, and the names of those that a sample told."""

    questions: int = 0
    tagged: int = 0
    pending: int = 0
    estimates: frozenset[str] = frozenset()


def count_by_site(connection: Connection, sites: Collection[str]) -> dict[str, Counts]:
    """Return the numbers of each of the sites."""
    last = connection.scalar(select(func.max(Question.id))) or 0
    if last <= LARGE or not _is_large(connection):  # keys have gaps
        return _count_all(connection, sites)
    sample = _Sample(connection, last)
    return {site: _count_large(connection, site, sample) for site in sites}


def _count_all(connection: Connection, sites: Collection[str]) -> dict[str, Counts]:
    questions, tagged, pending = (
        dict(connection.execute(select(site, func.count()).where(*chosen).group_by(site)).all())
        for site, *chosen in (
            (Question.site,),
            (QueuedQuestion.site,),
            (TaggingRequest.site, is_pending()),
        )
    )
    return {
        site: Counts(questions.get(site, 0), tagged.get(site, 0), pending.get(site, 0))
        for site in sites
    }


def _is_large(connection: Connection) -> bool:
    """Whether there are more than LARGE questions, by an index: their rows are wide."""
    behind = select(Question.site).order_by(Question.site).offset(LARGE).limit(1)
    return connection.execute(behind).first() is not None


class _Sample:
    """What stands under some keys, asked when it is first needed."""

    def __init__(self, connection: Connection, last: int) -> None:
        self._connection = connection
        self._keys = _spread(last, SAMPLE)
        self._share = last / len(self._keys)
        self._found: dict[str, Counter[str]] = {}

    def reckon(self, site: str, key: Any, column: Any, *chosen: ColumnElement[bool]) -> int:
        """How many rows of a site a table has, by the column of its questions' keys."""
        name = str(column)
        if name not in self._found:
            # Counted here: to group them, SQLite would read all rows in the order of their sites.
            rows = select(column).where(one_of(self._connection, key, self._keys), *chosen)
            self._found[name] = Counter(self._connection.scalars(rows))
        return round(self._found[name][site] * self._share)


def _spread(last: int, count: int) -> list[int]:
    """So many numbers from 1 to the last: one somewhere in each of as many equal stretches.

    Where in it changes from stretch to stretch by the golden ratio, so nothing that comes back at
    every second or third key is always met or always missed.
    """
    stretch = max(1.0, last / count)
    places = range(int(last / stretch))
    return [int((place + place * _GOLDEN % 1.0) * stretch) + 1 for place in places]


def _count_large(connection: Connection, site: str, sample: _Sample) -> Counts:
    of_site, of_request = Question.site == site, TaggingRequest.site == site
    questions = _count_up_to(connection, of_site)
    pending = _count_up_to(connection, of_request, is_pending())
    estimates = set()
    if pending > SMALL:
        estimates.add("pending")
        key = TaggingRequest.question_pk
        pending = max(pending, sample.reckon(site, key, TaggingRequest.site, is_pending()))
    if questions > SMALL:
        estimates |= {"questions", "tagged"}
        questions = max(questions, sample.reckon(site, Question.id, Question.site))
        tagged = sample.reckon(site, QueuedQuestion.question_pk, QueuedQuestion.site)
        return Counts(questions, tagged, pending, frozenset(estimates))
    rows = select(func.count()).select_from(Question).join(QueuedQuestion).where(of_site)
    return Counts(questions, connection.scalar(rows) or 0, pending, frozenset(estimates))


def _count_up_to(connection: Connection, *chosen: ColumnElement[bool]) -> int:
    """Count rows by an index, one more than SMALL at most."""
    rows = select(literal(1)).where(*chosen).limit(SMALL + 1).subquery()
    return connection.scalar(select(func.count()).select_from(rows)) or 0
