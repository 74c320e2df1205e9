"""A site's versions: how good each is, when it was live, what it would tag again."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy.engine import Connection

from core.agreement.drift import live_drifts
from core.agreement.live import daily_agreement, total_agreement
from core.agreement.scores import Agreement
from core.database.engine import reading
from core.model import registry
from core.model.registry import Promoted, Version
from core.settings import Retag
from review.service.retag_counts import RetagCounts, count_retags
from review.web.context import Context
from review.web.memo import NotYet

KEPT_SECONDS: Final = 300

CHOICES: Final[dict[Retag, str]] = {
    "pending": "open, not reviewed",
    "recent": "of the last {days} days",
    "all": "all tagged ones",
    "none": "none",
}


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version.

    Attributes:
        version: of the registry.
        times: when it was live.
        agreement: with authors, over all its settled predictions.
        drift: what is told of it, where it drifts.
        is_previous: whether a rollback goes back to it.
    """

    version: Version
    times: tuple[Promoted, ...]
    agreement: Agreement
    drift: str | None
    is_previous: bool

    @property
    def can_go_live(self) -> bool:
        """Whether it has its bundle, and is not live already."""
        return not self.version.live and self.version.pruned_at is None


def list_rows(connection: Connection, site: str) -> list[VersionRow]:
    """A site's versions, the newest first."""
    promotions = registry.list_promotions(connection, site)
    previous = registry.find_previous(connection, site)
    days = [day for day in daily_agreement(connection) if day.site == site]
    drifts = {one.version: one.description for one in live_drifts(connection) if one.site == site}
    return [
        VersionRow(
            version,
            tuple(one for one in promotions if one.version == version.version),
            total_agreement([day for day in days if day.version == version.version]),
            drifts.get(version.version),
            previous is not None and previous.id == version.id,
        )
        for version in reversed(registry.list_versions(connection, site))
    ]


def retag_counts(context: Context, site: str, *, wait: float | None = None) -> RetagCounts:
    """What a promotion would tag again by each choice; empty while it is counted."""

    def count() -> RetagCounts:
        since = context.clock.now() - timedelta(days=context.settings.retag_days)
        with reading(context.engine) as connection:
            return count_retags(connection, site, since=since)

    try:
        return context.memo.get(("retag", site), KEPT_SECONDS, count, wait=wait)
    except NotYet:
        return RetagCounts({})
