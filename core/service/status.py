"""The state of the whole service, as the database and the broker tell it."""

from dataclasses import dataclass, replace
from datetime import datetime

from celery import Celery
from sqlalchemy import func, select
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement

from core.broker.names import TAGGING_QUEUE, TRAINING_QUEUE
from core.broker.queue import queue_length
from core.database.known_sites import stored_sites
from core.database.tables import ModelVersion, TaggingRequest, TrainingRun
from core.model import registry
from core.model.registry import Version
from core.questions.lifecycle import Priority, is_pending
from core.questions.selection import count_trainable
from core.questions.training_lock import DIED, is_training
from core.service.counts import Counts, count_by_site
from core.settings import Settings


@dataclass(frozen=True, slots=True)
class LastTraining:
    """A site's latest training run: since when, and how it ended unless it still runs.

    Attributes:
        ended_at: None while it runs, and of one whose process died, which nobody saw end.
        outcome: promoted, published, skipped or failed; None while it runs.
        decision: why its version was promoted or not, or why it was skipped.
        version: that it made.
    """

    started_at: datetime
    ended_at: datetime | None
    outcome: str | None
    error: str | None
    decision: str | None
    version: int | None


@dataclass(frozen=True, slots=True)
class SiteStatus:
    """How far one site's tagging has come.

    Attributes:
        questions: stored.
        trainable: of them, those that a training run would have; None where a model is live.
        tagged: with a prediction by any version.
        pending: to be tagged by a worker.
        oldest_pending: when tagging of the oldest of them was requested.
        parked: given up after too many attempts.
        live: the live model version.
        last_training: the latest run, if there was one.
        last_version: the latest that made a version, if there was one.
        is_trained: whether the service trains it by itself: it is one of the settings' sites, has
            a live version, or has questions enough for its first.
    """

    site: str
    questions: int
    trainable: int | None
    tagged: int
    pending: int
    oldest_pending: datetime | None
    parked: int
    live: Version | None
    last_training: LastTraining | None
    last_version: LastTraining | None
    is_trained: bool = True

    @property
    def waiting(self) -> LastTraining | None:
        """The run whose version is newer than the live one and was kept back, if there is one."""
        run = self.last_version
        if run is None or run.outcome != "published" or run.version is None:
            return None
        return run if self.live is None or self.live.version < run.version else None


def site_statuses(connection: Connection, settings: Settings, *, now: datetime) -> list[SiteStatus]:
    """Return the state of every site that is stored, and of the settings' sites."""
    parked = _parked(connection)
    sites = sorted({*stored_sites(connection), *settings.sites})
    counts = count_by_site(connection, sites, parked)
    return [
        _site_status(connection, site, settings, counts[site], parked.get(site, 0), now)
        for site in sites
    ]


def _site_status(
    connection: Connection,
    site: str,
    settings: Settings,
    counts: Counts,
    parked: int,
    now: datetime,
) -> SiteStatus:
    live = registry.find_live(connection, site)
    trainable = None if live else count_trainable(connection, site, settings, now=now)
    is_own = "sites" not in settings.model_fields_set or site in settings.sites
    return SiteStatus(
        site,
        counts.questions,
        trainable,
        counts.tagged,
        counts.pending,
        _oldest_pending(connection, site) if counts.pending else None,
        parked,
        live,
        _last_training(connection, site),
        _last_training(connection, site, TrainingRun.model_version_id.is_not(None)),
        is_trained=is_own or trainable is None or trainable >= settings.min_questions,
    )


def _parked(connection: Connection) -> dict[str, int]:
    """How many are parked; an index of them alone answers."""
    rows = select(TaggingRequest.site, func.count()).where(TaggingRequest.parked_at.is_not(None))
    return dict(connection.execute(rows.group_by(TaggingRequest.site)).all())


def _oldest_pending(connection: Connection, site: str) -> datetime | None:
    """Since when the oldest is pending: the first of each priority, as their index has them."""
    first = select(func.min(TaggingRequest.requested_at)).where(
        TaggingRequest.site == site, is_pending()
    )
    oldest = (connection.scalar(first.where(TaggingRequest.priority == one)) for one in Priority)
    return min((at for at in oldest if at is not None), default=None)


def _last_training(
    connection: Connection, site: str, *chosen: ColumnElement[bool]
) -> LastTraining | None:
    run = connection.execute(
        select(
            TrainingRun.started_at,
            TrainingRun.ended_at,
            TrainingRun.outcome,
            TrainingRun.error,
            TrainingRun.decision,
            ModelVersion.version,
        )
        .outerjoin(ModelVersion, ModelVersion.id == TrainingRun.model_version_id)
        .where(TrainingRun.site == site, *chosen)
        .order_by(TrainingRun.started_at.desc(), TrainingRun.id.desc())
        .limit(1)
    ).one_or_none()
    if run is None:
        return None
    last = LastTraining(*run)
    if last.outcome is None and not is_training(connection, site):
        return replace(last, outcome="failed", error=DIED)
    return last


def queue_lengths(app: Celery) -> dict[str, int]:
    """How many messages wait, by queue.

    Raises:
        BrokerUnreachable: the broker gives no answer.
    """
    return {queue: queue_length(app, queue) for queue in (TAGGING_QUEUE, TRAINING_QUEUE)}


def running_workers(app: Celery, *, seconds: float = 1.0) -> list[str]:
    """The names of the workers and schedulers that answer within some seconds.

    Asked over a connection of its own: on one of the pool, the poll that waits for answers is still
    under way when the time is up, and whoever has that connection next reads its end as the answer
    to something else.
    """
    with app.connection_for_write() as connection:
        replies = app.control.ping(timeout=seconds, connection=connection)
    return sorted(name for reply in replies for name in reply)
