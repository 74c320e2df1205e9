"""The state of the whole service, as the database and the broker tell it."""

from dataclasses import dataclass
from datetime import datetime

from celery import Celery
from sqlalchemy import func, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql import ColumnElement

from core.broker.queue import TAGGING_QUEUE, TRAINING_QUEUE, queue_length
from core.database.review_tables import QueuedQuestion
from core.database.tables import ModelVersion, Question, TaggingRequest, TrainingRun
from core.model import registry
from core.model.registry import Version
from core.questions.lifecycle import is_pending
from core.questions.selection import count_trainable
from core.settings import Settings


@dataclass(frozen=True, slots=True)
class LastTraining:
    """A site's latest training run: since when, and how it ended unless it still runs.

    Attributes:
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

    @property
    def waiting(self) -> LastTraining | None:
        """The run whose version is newer than the live one and was kept back, if there is one."""
        run = self.last_version
        if run is None or run.outcome != "published" or run.version is None:
            return None
        return run if self.live is None or self.live.version < run.version else None


def site_statuses(connection: Connection, settings: Settings, *, now: datetime) -> list[SiteStatus]:
    """Return the state of every site that is stored, and of the settings' sites."""
    questions = _by_site(connection, Question.site)
    tagged = _by_site(connection, QueuedQuestion.site)
    parked = _by_site(connection, TaggingRequest.site, TaggingRequest.parked_at.is_not(None))
    pending = _pending(connection)
    live = {s: registry.find_live(connection, s) for s in sorted({*questions, *settings.sites})}
    return [
        SiteStatus(
            site,
            questions.get(site, 0),
            None if version else count_trainable(connection, site, settings, now=now),
            tagged.get(site, 0),
            *pending.get(site, (0, None)),
            parked.get(site, 0),
            version,
            _last_training(connection, site),
            _last_training(connection, site, TrainingRun.model_version_id.is_not(None)),
        )
        for site, version in live.items()
    ]


def _by_site(
    connection: Connection, site: InstrumentedAttribute[str], *chosen: ColumnElement[bool]
) -> dict[str, int]:
    """How many rows each site has; each count is one that an index alone can answer."""
    counts = select(site, func.count()).where(*chosen).group_by(site)
    return dict(connection.execute(counts).all())


def _pending(connection: Connection) -> dict[str, tuple[int, datetime | None]]:
    """How many questions of each site are pending, and since when the oldest."""
    rows = (
        select(TaggingRequest.site, func.count(), func.min(TaggingRequest.requested_at))
        .where(is_pending())
        .group_by(TaggingRequest.site)
    )
    return {site: (count, oldest) for site, count, oldest in connection.execute(rows)}


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
    return LastTraining(*run) if run is not None else None


def queue_lengths(app: Celery) -> dict[str, int]:
    """How many messages wait, by queue.

    Raises:
        BrokerUnreachable: the broker gives no answer.
    """
    return {queue: queue_length(app, queue) for queue in (TAGGING_QUEUE, TRAINING_QUEUE)}


def running_workers(app: Celery, *, seconds: float = 1.0) -> list[str]:
    """The names of the workers and schedulers that answer within some seconds."""
    replies = app.control.ping(timeout=seconds)
    return sorted(name for reply in replies for name in reply)
