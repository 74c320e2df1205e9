"""How many questions each site has, how many are tagged and pending, and how many wait for review.

The first three are sums that the database keeps. The last is counted, up to LARGE questions of all
sites. Above, what is SMALL is still counted, and of the rest a sample tells, of SAMPLE keys that
stand evenly among all: a site that has half of the questions is off by 4% at most, in 19 of 20
cases, and one of which FEW keys are met is counted.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, literal, select
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement

from core.database.keys import one_of
from core.database.review_tables import QueuedQuestion
from core.database.views import SiteCount

LARGE: Final = 100_000  # questions; counting them takes 30 ms
SMALL: Final = 50_000  # of a site: 3 ms by an index
SAMPLE: Final = 2_000  # keys; each costs as much as counting 25 rows by an index
FEW: Final = 100
SURE: Final = 2  # times a bound, from which FEW keys tell that it is passed
_GOLDEN: Final = (5**0.5 - 1) / 2


@dataclass(frozen=True, slots=True)
class Counts:
    """A site's numbers.

    Attributes:
        questions: stored ones.
        tagged: that have a prediction.
        pending: that a worker is to tag.
    """

    questions: int = 0
    tagged: int = 0
    pending: int = 0


def count_by_site(
    connection: Connection, sites: Collection[str], parked: Mapping[str, int]
) -> dict[str, Counts]:
    """Return the numbers of each of the sites.

    Args:
        connection: reads only.
        sites: whose.
        parked: how many of a site's tagging requests are parked: the others are pending.
    """
    sums = select(
        SiteCount.site,
        func.sum(SiteCount.questions),
        func.sum(SiteCount.tagged),
        func.sum(SiteCount.requests),
    ).group_by(SiteCount.site)
    found = {
        site: Counts(int(questions), int(tagged), max(0, int(requests) - parked.get(site, 0)))
        for site, questions, tagged, requests in connection.execute(sums)
    }
    return {site: found.get(site, Counts()) for site in sites}


def count_open(connection: Connection, sites: Collection[str]) -> dict[str, int]:
    """Return how many questions each site's review queue has that want more reviews."""
    is_open = QueuedQuestion.reviews < QueuedQuestion.wanted_reviews
    last = connection.scalar(select(func.max(QueuedQuestion.question_pk))) or 0
    if last <= LARGE:
        rows = select(QueuedQuestion.site, func.count()).where(is_open)
        counts = dict(connection.execute(rows.group_by(QueuedQuestion.site)).all())
        return {site: counts.get(site, 0) for site in sites}
    keys = _spread(last, SAMPLE)
    # Counted here: to group them, SQLite would read all rows in the order of their sites.
    of_keys = one_of(connection, QueuedQuestion.question_pk, keys)
    met = Counter(connection.scalars(select(QueuedQuestion.site).where(of_keys, is_open)))
    share = last / len(keys)  # how many rows each of them stands for
    return {site: _reckon(connection, site, met[site], share, is_open) for site in sites}


def _reckon(
    connection: Connection, site: str, met: int, share: float, is_open: ColumnElement[bool]
) -> int:
    """How many a site has, by the keys of it that were met, or counted where these are few."""
    reckoned = round(met * share) if met >= FEW else 0
    if reckoned > SURE * SMALL:
        return reckoned
    of_site = (QueuedQuestion.site == site, is_open)
    counted = _count_up_to(connection, SMALL + 1, *of_site)
    if counted <= SMALL:
        return counted
    return max(SMALL + 1, reckoned) if reckoned else _count_up_to(connection, None, *of_site)


def _spread(last: int, count: int) -> list[int]:
    """So many numbers from 1 to the last: one somewhere in each of as many equal stretches.

    Where in it changes from stretch to stretch by the golden ratio, so nothing that comes back at
    every second or third key is always met or always missed.
    """
    stretch = max(1.0, last / count)
    places = range(int(last / stretch))
    return [int((place + place * _GOLDEN % 1.0) * stretch) + 1 for place in places]


def _count_up_to(connection: Connection, most: int | None, *chosen: ColumnElement[bool]) -> int:
    """Count rows by an index, so many at most."""
    rows = select(literal(1)).where(*chosen).limit(most).subquery()
    return connection.scalar(select(func.count()).select_from(rows)) or 0
