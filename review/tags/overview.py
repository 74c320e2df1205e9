"""A site's tags as pages and API show them: counted seldom, and never while somebody waits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.engine import Connection

from core.database.engine import reading
from core.database.known_tags import count_uses_of
from core.database.tables import Question, QuestionTag
from core.model import registry
from review.tags.figures import TagRow, read_relations, read_tags
from review.tags.manifests import read_manifest
from review.tags.relations import Relations
from review.web.context import Context

KEPT_SECONDS: Final = 600
MONTHS: Final = 24
MOST_USES: Final = 10_000  # of a tag, all of whose questions are looked up by their dates
SAMPLED_USES: Final = 5_000  # of one that has more; a month with a 24th of them is off by 14%
_PRIME: Final = 100_003
_FACTOR: Final = 61_803  # the golden ratio's share of it: neighbours are far from each other


@dataclass(frozen=True, slots=True)
class TagsOverview:
    """A site's tags.

    Attributes:
        at: when they were counted.
        version: of the live model, whose thresholds and suggestions these are.
        tags: by name.
        relations: which go together.
    """

    at: datetime
    version: int | None
    tags: Mapping[str, TagRow]
    relations: Relations


def tags_of(context: Context, site: str, *, wait: float | None = None) -> TagsOverview:
    """A site's tags, counted ten minutes ago at most.

    Args:
        context: the application's.
        site: whose.
        wait: seconds that the first who asks waits; as long as it takes where unset.

    Raises:
        NotYet: they are being counted.
    """

    def count() -> TagsOverview:
        with reading(context.engine) as connection:
            live = registry.find_live(connection, site)
        thresholds = _thresholds(context, live) if live else {}
        with reading(context.engine) as connection:
            return TagsOverview(
                context.clock.now(),
                live.version if live else None,
                read_tags(connection, site, thresholds),
                read_relations(connection, site),
            )

    return context.memo.get(("tags", site), KEPT_SECONDS, count, wait=wait)


def _thresholds(context: Context, live: registry.Version) -> dict[str, float]:
    """The live version's thresholds by tag; none where its bundle cannot be read."""
    manifest = read_manifest(context, live)
    if manifest is None:
        return {}
    return dict(zip(manifest.labels, manifest.thresholds, strict=True))


@dataclass(frozen=True, slots=True)
class MonthlyUses:
    """To how many questions of each month their authors gave a tag, and whether a sample told."""

    uses: Mapping[date, int]
    is_estimate: bool = False


def uses_by_month(connection: Connection, site: str, tag: str, *, now: datetime) -> MonthlyUses:
    """A tag's uses in the last 24 months; of one that very many questions have, by a sample."""
    first = (now - timedelta(days=30 * MONTHS)).replace(day=1, hour=0, minute=0, second=0)
    month = _month_of(connection)
    share, sampled = _sample(count_uses_of(connection, site, tag))
    rows = (
        select(month, func.count())
        .select_from(QuestionTag)
        .join(Question, Question.id == QuestionTag.question_pk)
        .where(QuestionTag.site == site, QuestionTag.tag == tag, Question.created_at >= first)
        .where(sampled)
        .group_by(month)
    )
    uses = {
        date.fromisoformat(f"{name}-01"): round(count / share)
        for name, count in connection.execute(rows)
    }
    return MonthlyUses(uses, is_estimate=share < 1)


def _sample(uses: int) -> tuple[float, ColumnElement[bool]]:
    """Which share of a tag's questions is looked at, and which; spread evenly over any stride."""
    if uses <= MOST_USES:
        return 1.0, true()
    taken = max(1, _PRIME * SAMPLED_USES // uses)
    return taken / _PRIME, QuestionTag.question_pk * _FACTOR % _PRIME < taken


def _month_of(connection: Connection) -> ColumnElement[Any]:
    """The month of a question, as 2026-01, in UTC."""
    if connection.dialect.name == "postgresql":
        return func.to_char(func.timezone("UTC", Question.created_at), "YYYY-MM")
    return func.strftime("%Y-%m", Question.created_at)
