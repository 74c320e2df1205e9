"""The state of the whole service at one moment, for people and for programs."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from celery import Celery
from sqlalchemy import Engine

from core.addresses import shown_address
from core.agreement.drift import FoundDrift, live_drifts
from core.agreement.live import DayAgreement, daily_agreement
from core.clock import Clock
from core.console import with_hint
from core.database.engine import reading
from core.errors import BrokerUnreachable
from core.service.backups import BackupStatus, backup_status, failure_lines
from core.service.feeds import (
    FeedStatus,
    QuotaStatus,
    polled_feeds,
    quota_status,
    skipped_counts,
)
from core.service.health import Health, Trouble, find_troubles, health_of
from core.service.killed import KilledStatus, killed_lines, killed_statuses
from core.service.signs import PartStatus, part_statuses
from core.service.status import SiteStatus, queue_lengths, running_workers, site_statuses
from core.settings import Settings
from ops.site_merge import misnamed_sites


@dataclass(frozen=True, slots=True)
class BrokerState:
    """What the broker says.

    Attributes:
        queues: how many messages wait, by queue.
        answering: workers and schedulers, by name.
        error: why it gives no answer, where it gives none.
    """

    queues: Mapping[str, int]
    answering: tuple[str, ...]
    error: str | None = None


@dataclass(frozen=True, slots=True)
class ServiceState:
    """All that `tagger status` shows; what is wrong stands in `troubles`, the worst first."""

    at: datetime
    database: str
    broker: BrokerState
    sites: list[SiteStatus]
    feeds: list[FeedStatus]
    quotas: list[QuotaStatus]
    skipped: dict[str, int]
    agreement: list[DayAgreement]
    drifts: list[FoundDrift]
    killed: list[KilledStatus]
    parts: list[PartStatus]
    misnamed: dict[str, str]
    backups: BackupStatus

    @property
    def troubles(self) -> list[Trouble]:
        """What is wrong."""
        return find_troubles(
            sites=self.sites,
            feeds=self.feeds,
            parts=self.parts,
            further=(
                *killed_lines(self.killed),
                *(f"{drift.site}: model version {drift.version} drifts" for drift in self.drifts),
                *failure_lines(self.backups),
            ),
            broker_error=self.broker.error,
            now=self.at,
        )

    @property
    def health(self) -> Health:
        """What that comes to."""
        return health_of(self.troubles)


def ask_broker(app: Celery) -> BrokerState:
    """Ask how many messages wait, and who is there; takes a second."""
    try:
        return BrokerState(queue_lengths(app), tuple(running_workers(app)))
    except BrokerUnreachable as error:
        return BrokerState({}, (), with_hint(error))


def read_state(
    engine: Engine, settings: Settings, clock: Clock, *, broker: BrokerState
) -> ServiceState:
    """Read it all, in one transaction.

    Raises:
        DatabaseUnreachable: nothing can be told.
    """
    now = clock.now()
    with reading(engine) as connection:
        return ServiceState(
            at=now,
            database=shown_address(engine.url),
            broker=broker,
            sites=site_statuses(connection, settings, now=now),
            feeds=polled_feeds(connection, settings, now=now),
            quotas=quota_status(connection),
            skipped=skipped_counts(connection),
            agreement=daily_agreement(connection, live_only=True),
            drifts=live_drifts(connection),
            killed=killed_statuses(connection, now=now),
            parts=part_statuses(connection, now=now, answering=broker.answering),
            misnamed=misnamed_sites(connection),
            backups=backup_status(connection),
        )


def state_as_json(state: ServiceState) -> dict[str, Any]:
    """The state as programs read it; times are texts in ISO 8601, of UTC."""
    return {
        "health": state.health,
        "troubles": [asdict(trouble) for trouble in state.troubles],
        "at": state.at,
        "database": state.database,
        "broker": asdict(state.broker),
        "parts": [asdict(part) for part in state.parts],
        "sites": [_site(site) for site in state.sites],
        "feeds": [asdict(feed) for feed in state.feeds],
        "quotas": [asdict(quota) for quota in state.quotas],
        "skipped_items": state.skipped,
        "killed": [asdict(one) for one in state.killed],
        "drifts": [asdict(drift) for drift in state.drifts],
        "backups": asdict(state.backups),
    }


def down_as_json(reason: str, *, now: datetime) -> dict[str, Any]:
    """The same where the database says nothing."""
    return {"health": "down", "troubles": [asdict(Trouble(reason, is_down=True))], "at": now}


def _site(site: SiteStatus) -> dict[str, Any]:
    return {
        "site": site.site,
        "questions": site.questions,
        "tagged": site.tagged,
        "pending": site.pending,
        "oldest_pending": site.oldest_pending,
        "parked": site.parked,
        "live_version": site.live.version if site.live else None,
        "last_training": asdict(site.last_training) if site.last_training else None,
    }
