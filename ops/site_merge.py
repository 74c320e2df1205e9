"""Puts sites right that earlier versions stored under another spelling, as `Stats`.

All that is stored under such a name goes to the API's name, in one transaction a site, and nothing
is lost: questions that are there under both names become one (`twins.py`), and models become
further versions of the right site, whose own live one stays live.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import Engine, delete, func, insert, inspect, select, text, update
from sqlalchemy.engine import Connection
from sqlalchemy.orm import InstrumentedAttribute

from core.clock import Clock
from core.database.api_tables import (
    ApiLease,
    ApiPause,
    ApiSite,
    FeedRow,
    SkippedItem,
    TagSynonym,
    TagWiki,
)
from core.database.engine import despite_deadlocks, reading
from core.database.known_sites import stored_sites
from core.database.review_tables import (
    BlockedTag,
    QueuedQuestion,
    ReviewAction,
    SavedFilter,
    Verdict,
    Webhook,
)
from core.database.tables import (
    KilledProcess,
    LiveAgreement,
    ModelVersion,
    Promotion,
    Question,
    QuestionTag,
    TaggingRequest,
    TrainingRun,
)
from core.database.views import SiteCount, TagUse
from core.questions.lock_order import lock_in_order
from core.site_names import site_host, site_name
from ops.twins import Twins

# Rows with a site and no key that another row could have.
_RENAMED: Final[tuple[type[Any], ...]] = (
    *(Question, QuestionTag, TaggingRequest, QueuedQuestion),
    *(Promotion, TrainingRun, KilledProcess, LiveAgreement, ReviewAction, Verdict),
)
# Rows of which the right site may have one already, which then stays; by what besides the site.
_KEYED: Final[tuple[tuple[type[Any], InstrumentedAttribute[Any]], ...]] = (
    (FeedRow, FeedRow.feed),
    (SkippedItem, SkippedItem.item),
    (TagSynonym, TagSynonym.tag),
    (TagWiki, TagWiki.tag),
    (BlockedTag, BlockedTag.tag),
)


@dataclass(frozen=True, slots=True)
class MergedSite:
    """A site that was stored under another name.

    Attributes:
        old: that name.
        new: the API's.
        questions: how many were stored under the old one.
        twins: of them, those that the right site had too.
    """

    old: str
    new: str
    questions: int
    twins: int


def misnamed_sites(connection: Connection) -> dict[str, str]:
    """By each name that is none of the API's and of which something is stored, the API's."""
    models = connection.scalars(select(ModelVersion.site).distinct())
    return dict(_renamed({*models, *stored_sites(connection)}))


def _renamed(sites: set[str]) -> Iterator[tuple[str, str]]:
    for site in sorted(sites):
        try:
            new = site_name(site)
        except ValueError:  # it resembles the network's, and is none: nobody knows which is meant
            continue
        if new != site:
            yield site, new


def merge_sites(engine: Engine, clock: Clock) -> list[MergedSite]:
    """Give all sites that are stored under another spelling the API's name.

    Raises:
        DatabaseUnreachable: the database gives no answer; the site at hand is as it was.
    """
    with reading(engine) as connection:
        found = misnamed_sites(connection)
    merged = []
    for old, new in found.items():
        merged.append(despite_deadlocks(partial(_merge, engine, old, new, clock.now())))
    return merged


def _merge(engine: Engine, old: str, new: str, now: datetime) -> MergedSite:
    with engine.begin() as connection:
        return _Merge(connection, old, new, now).run()


class _Merge:
    """One site's, in one transaction."""

    def __init__(self, connection: Connection, old: str, new: str, now: datetime) -> None:
        self._connection, self._old, self._new, self._now = connection, old, new, now

    def run(self) -> MergedSite:
        execute = self._connection.execute
        lock_in_order(self._connection, Question.site.in_([self._old, self._new]))
        if self._connection.dialect.name == "postgresql":  # until nobody counts under the old name
            execute(text("LOCK TABLE tag_uses, site_counts IN EXCLUSIVE MODE"))
        questions = self._count(select(Question.id).where(Question.site == self._old))
        twins = Twins(self._connection, self._old, self._new, self._now).merge()
        self._put_links_right()
        self._rename_models()
        for table in _RENAMED:
            execute(update(table).where(table.site == self._old).values(site=self._new))
        execute(delete(TagUse).where(TagUse.site == self._old))  # whose sums are 0
        self._add_up_counts()
        for table, key in _KEYED:
            self._rename_keyed(table, key)
        for table in (ApiLease, ApiPause, ApiSite):  # which last for a day, or to the next request
            execute(delete(table).where(table.site == self._old))
        for table in (SavedFilter, Webhook):
            self._rename_in_filters(table)
        self._tell_live()
        return MergedSite(self._old, self._new, questions, twins)

    def _add_up_counts(self) -> None:
        """The triggers know of rows that come and go, and not of those whose site changes."""
        of_both = SiteCount.site.in_([self._old, self._new])
        numbers = (SiteCount.questions, SiteCount.requests, SiteCount.tagged)
        sums = select(*(func.coalesce(func.sum(number), 0) for number in numbers)).where(of_both)
        row = dict(zip((n.key for n in numbers), self._connection.execute(sums).one(), strict=True))
        self._connection.execute(delete(SiteCount).where(of_both))
        self._connection.execute(insert(SiteCount).values(site=self._new, slot=0, **row))

    def _count(self, rows: Any) -> int:
        return self._connection.scalar(select(func.count()).select_from(rows.subquery())) or 0

    def _put_links_right(self) -> None:
        """Of questions whose link was made of the site's name, when that was an address."""
        made = f"https://{self._old}.stackexchange.com/questions/"
        chosen = (Question.site == self._old, Question.link.startswith(made, autoescape=True))
        right = f"https://{site_host(self._new)}/questions/"
        number = func.substr(Question.link, len(made) + 1)
        self._connection.execute(update(Question).where(*chosen).values(link=right + number))

    def _rename_models(self) -> None:
        of_new = ModelVersion.site == self._new
        last = self._connection.scalar(select(func.max(ModelVersion.version)).where(of_new)) or 0
        is_live = self._connection.scalar(select(ModelVersion.id).where(of_new, ModelVersion.live))
        values: dict[str, Any] = {"site": self._new, "version": ModelVersion.version + last}
        if is_live is not None:
            values["live"] = False
        self._connection.execute(
            update(ModelVersion).where(ModelVersion.site == self._old).values(values)
        )

    def _tell_live(self) -> None:
        """Let the newest promotion be that of the live version, as everywhere."""
        of_new = (ModelVersion.site == self._new, ModelVersion.live)
        live = self._connection.scalar(select(ModelVersion.id).where(*of_new))
        promoted = select(Promotion.model_version_id).where(Promotion.site == self._new)
        newest = self._connection.scalar(promoted.order_by(Promotion.id.desc()).limit(1))
        if live is not None and newest not in (None, live):
            row = {"site": self._new, "model_version_id": live, "at": self._now, "reason": "hand"}
            self._connection.execute(insert(Promotion).values(row))

    def _rename_keyed(self, table: type[Any], key: InstrumentedAttribute[Any]) -> None:
        there = select(key).where(table.site == self._new)
        of_old = table.site == self._old
        names = set(self._connection.scalars(there))
        for name in self._connection.scalars(select(key).where(of_old)).all():
            chosen = (of_old, key == name)
            statement = (
                delete(table).where(*chosen)
                if name in names
                else update(table).where(*chosen).values(site=self._new)
            )
            self._connection.execute(statement)

    def _rename_in_filters(self, table: type[Any]) -> None:
        keys = inspect(table).primary_key
        for row in self._connection.execute(select(*keys, table.filter)).all():
            if row.filter.get("site") == self._old:
                chosen = (key == getattr(row, key.name) for key in keys)
                renamed = {**row.filter, "site": self._new}
                self._connection.execute(update(table).where(*chosen).values(filter=renamed))
