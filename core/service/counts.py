"""How many questions each site has, how many are tagged, pending and open for review.

Sums that the database keeps, less what few rows are: those parked, and those reviewed.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from core.database.review_tables import QueuedQuestion
from core.database.views import SiteCount


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
    is_reviewed = QueuedQuestion.reviews >= QueuedQuestion.wanted_reviews
    rows = select(QueuedQuestion.site, func.count()).where(is_reviewed)
    reviewed = dict(connection.execute(rows.group_by(QueuedQuestion.site)).all())
    counts = count_by_site(connection, sites, {})
    return {site: max(0, counts[site].tagged - reviewed.get(site, 0)) for site in sites}
