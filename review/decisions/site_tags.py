"""All tags of a site, by how much they are used, for completion while somebody types."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from core.database.review_tables import QueuedQuestion, Verdict
from core.database.tables import PredictedTag, Question, QuestionTag
from core.errors import UnknownSite

FRESH: Final = timedelta(minutes=10)
MOST_SITES: Final = 20  # whose lists are kept
NEWEST: Final = 300  # predictions, whose tags are all labels that a model gives at all often


@dataclass(frozen=True, slots=True)
class SiteTag:
    """A tag and how many questions here have it from their authors."""

    tag: str
    uses: int


class TagLists:
    """Lists of tags by site, read anew when they are old; for all threads of a process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._lists: OrderedDict[str, tuple[datetime, list[SiteTag]]] = OrderedDict()

    def complete(
        self, connection: Connection, site: str, typed: str, *, limit: int, now: datetime
    ) -> list[SiteTag]:
        """Tags that begin with what was typed, then those that hold it; the most used first.

        Raises:
            UnknownSite: there is no question of the site here.
        """
        wanted, tags = typed.lower(), self._get(connection, site, now)
        found = [tag for tag in tags if tag.tag.lower().startswith(wanted)]
        if len(found) < limit:
            found += [tag for tag in tags if tag.tag.lower().find(wanted) > 0]
        return found[:limit]

    def _get(self, connection: Connection, site: str, now: datetime) -> list[SiteTag]:
        with self._lock:
            read_at, tags = self._lists.get(site, (None, []))
            if read_at is None or not timedelta(0) <= now - read_at < FRESH:
                tags = list_tags(connection, site)
                self._lists[site] = (now, tags)
            self._lists.move_to_end(site)
            while len(self._lists) > MOST_SITES:
                self._lists.popitem(last=False)
            return tags


def list_tags(connection: Connection, site: str) -> list[SiteTag]:
    """All tags of a site, the most used first: of authors, of its model, and those added here.

    Raises:
        UnknownSite: there is no question of the site here.
    """
    require_site(connection, site)
    count = func.count().label("uses")
    counted = select(QuestionTag.tag, count).where(QuestionTag.site == site)
    rows = connection.execute(counted.group_by(QuestionTag.tag))
    uses = {row.tag: int(row.uses) for row in rows}
    newest = (
        select(QueuedQuestion.question_pk)
        .where(QueuedQuestion.site == site)
        .order_by(QueuedQuestion.question_pk.desc())
        .limit(NEWEST)
    )
    predicted = select(PredictedTag.tag).where(
        PredictedTag.question_pk.in_(select(newest.subquery().c[0]))
    )
    added = (
        select(Verdict.tag)
        .join(Question, Question.id == Verdict.question_pk)
        .where(Question.site == site, Verdict.verdict == "added")
        .limit(NEWEST)
    )
    for statement in (predicted, added):
        uses |= {tag: 0 for tag in connection.scalars(statement) if tag not in uses}
    return [SiteTag(tag, n) for tag, n in sorted(uses.items(), key=lambda one: (-one[1], one[0]))]


def require_site(connection: Connection, site: str) -> None:
    """Raise UnknownSite where there is no question of a site."""
    found = select(Question.id).where(Question.site == site).limit(1)
    if connection.execute(found).first() is None:
        raise UnknownSite(f"There are no questions of the site {site} here.")
