"""How many questions each site has, how many are tagged and pending; cheap however many there are.

Up to LARGE questions in all they are counted. Above, what is SMALL is still counted. Of the rest a
sample tells, of SAMPLE keys that stand evenly among all: a site that has half of the questions is
off by 4% at most, in 19 of 20 cases, and one of which FEW keys are met is counted. It is asked
first, since most often it tells surely enough what is large that nothing is counted besides.
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
SMALL: Final = 50_000  # of a site, or pending ones of it: 3 ms by an index
SAMPLE: Final = 2_000  # keys; each costs as much as counting 25 rows by an index
FEW: Final = 100
SURE: Final = 2  # times a bound, from which FEW keys tell that it is passed
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
    sample = _Sample(connection, last)
    if last <= LARGE or not _is_large(connection, sample):  # keys have gaps
        return _count_all(connection, sites)
    return {site: _count_large(connection, site, sample) for site in sites}


def count_open(connection: Connection, sites: Collection[str]) -> dict[str, int]:
    """Return how many questions each site's review queue has that want more reviews."""
    is_open = QueuedQuestion.reviews < QueuedQuestion.wanted_reviews
    last = connection.scalar(select(func.max(QueuedQuestion.question_pk))) or 0
    if last <= LARGE:
        rows = select(QueuedQuestion.site, func.count()).where(is_open)
        counts = dict(connection.execute(rows.group_by(QueuedQuestion.site)).all())
        return {site: counts.get(site, 0) for site in sites}
    sample = _Sample(connection, last)
    of_queue = (QueuedQuestion.question_pk, QueuedQuestion.site, is_open)
    return {site: sample.count(site, *of_queue)[0] for site in sites}


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


def _is_large(connection: Connection, sample: "_Sample") -> bool:
    """Whether there are more than LARGE questions; counted by an index, their rows are wide."""
    if sample.reckon(sample.met_of_all(Question.id, Question.site)) > SURE * LARGE:
        return True
    behind = select(Question.site).order_by(Question.site).offset(LARGE).limit(1)
    return connection.execute(behind).first() is not None


class _Sample:
    """What stands under some keys, asked when it is first needed."""

    def __init__(self, connection: Connection, last: int) -> None:
        self._connection = connection
        self._keys = _spread(last, SAMPLE)
        self._share = last / max(1, len(self._keys))  # how many rows each of them stands for
        self._found: dict[str, Counter[str]] = {}

    def reckon(self, met: int) -> int:
        """How many rows those that were met stand for; 0 where too few were."""
        return round(met * self._share) if met >= FEW else 0

    def met(self, site: str, key: Any, column: Any, *chosen: ColumnElement[bool]) -> int:
        """How many of the keys are rows of a site in a table, by the column of its sites."""
        return self._met(key, column, *chosen)[site]

    def met_of_all(self, key: Any, column: Any) -> int:
        """How many of the keys are rows of any site."""
        return self._met(key, column).total()

    def _met(self, key: Any, column: Any, *chosen: ColumnElement[bool]) -> Counter[str]:
        name = str(column)
        if name not in self._found:
            # Counted here: to group them, SQLite would read all rows in the order of their sites.
            rows = select(column).where(one_of(self._connection, key, self._keys), *chosen)
            self._found[name] = Counter(self._connection.scalars(rows))
        return self._found[name]

    def count(
        self, site: str, key: Any, column: Any, *chosen: ColumnElement[bool]
    ) -> tuple[int, bool]:
        """How many rows a site has in a table, and whether the sample told it."""
        reckoned = self.reckon(self.met(site, key, column, *chosen))
        if reckoned > SURE * SMALL:
            return reckoned, True
        counted = _count_up_to(self._connection, SMALL + 1, column == site, *chosen)
        if counted <= SMALL:
            return counted, False
        if reckoned:
            return max(SMALL + 1, reckoned), True
        return _count_up_to(self._connection, None, column == site, *chosen), False


def _spread(last: int, count: int) -> list[int]:
    """So many numbers from 1 to the last: one somewhere in each of as many equal stretches.

    Where in it changes from stretch to stretch by the golden ratio, so nothing that comes back at
    every second or third key is always met or always missed.
    """
    stretch = max(1.0, last / count)
    places = range(int(last / stretch))
    return [int((place + place * _GOLDEN % 1.0) * stretch) + 1 for place in places]


def _count_large(connection: Connection, site: str, sample: _Sample) -> Counts:
    of_site = Question.site == site
    pending, is_estimate = sample.count(
        site, TaggingRequest.question_pk, TaggingRequest.site, is_pending()
    )
    estimates = {"pending"} if is_estimate else set()
    questions, is_estimate = sample.count(site, Question.id, Question.site)
    met = sample.met(site, Question.id, Question.site)
    if questions <= SMALL or not met:
        rows = select(func.count()).select_from(Question).join(QueuedQuestion).where(of_site)
        return Counts(questions, connection.scalar(rows) or 0, pending, frozenset(estimates))
    estimates |= {"questions", "tagged"} if is_estimate else {"tagged"}
    tagged = sample.met(site, QueuedQuestion.question_pk, QueuedQuestion.site) / met
    return Counts(questions, round(questions * tagged), pending, frozenset(estimates))


def _count_up_to(connection: Connection, most: int | None, *chosen: ColumnElement[bool]) -> int:
    """Count rows by an index, so many at most."""
    rows = select(literal(1)).where(*chosen).limit(most).subquery()
    return connection.scalar(select(func.count()).select_from(rows)) or 0
