"""What keeps the line moving with nobody watching: the sweep, and training where no model is."""

import logging
from datetime import datetime, timedelta

from celery import Celery
from sqlalchemy import Engine, Select, or_, select

from core.broker.queue import (
    TAGGING_QUEUE,
    TRAINING_QUEUE,
    enqueue_pending,
    enqueue_training,
    queue_length,
)
from core.clock import Clock
from core.database.engine import reading
from core.database.tables import ModelVersion, Question, TrainingRun
from core.questions.lifecycle import park_exhausted, sweep
from core.questions.selection import count_trainable
from core.settings import Settings

log = logging.getLogger(__name__)

# Messages in the queue from which on a sweep only waits: what is pending is in there.
FULL_QUEUE = 100

FIRST_MODEL_PAUSE = timedelta(minutes=30)


def sweep_pending(engine: Engine, app: Celery, settings: Settings, clock: Clock) -> int:
    """Park what has failed too often, and enqueue again what has been pending for too long.

    Returns:
        How many questions were enqueued.

    Raises:
        BrokerUnreachable: they keep their new lease, and a sweep after it enqueues them.
    """
    lease = timedelta(seconds=settings.lease_seconds)
    with engine.begin() as connection:
        parked = park_exhausted(connection, now=clock.now(), lease=lease)
    if parked:
        log.warning("%d questions are parked; see: tagger parked list", len(parked))
    if queue_length(app, TAGGING_QUEUE) >= FULL_QUEUE:
        return 0
    with engine.begin() as connection:
        pending = sweep(connection, now=clock.now(), lease=lease)
    enqueue_pending(app, pending)
    if pending:
        log.info("%d pending questions are enqueued again", len(pending))
    return len(pending)


def train_first_models(engine: Engine, app: Celery, settings: Settings, clock: Clock) -> list[str]:
    """Ask for training where a site has no live model and questions enough; return the sites.

    A site whose last run began a short while ago is skipped: it may still be running (a second
    one ends at its lock), and one that failed would most likely fail again. So is one that has a
    version which did not pass the gate: the schedule tries again, and a person may promote it.
    """
    if queue_length(app, TRAINING_QUEUE) > 0:
        return []  # the trainer is busy or away: one message more would be one run too many
    now = clock.now()
    untrained = (
        select(Question.site)
        .distinct()
        .where(Question.site.not_in(select(ModelVersion.site).where(ModelVersion.live)))
        .where(Question.site.not_in(_tried(now)))
        .order_by(Question.site)
    )
    with reading(engine) as connection:
        sites = [
            site
            for site in connection.execute(untrained).scalars().all()
            if count_trainable(connection, site, settings, now=now) >= settings.min_questions
        ]
    for site in sites:
        log.info("%s has no live model and questions enough: training is asked for", site)
        enqueue_training(app, site)
    return sites


def _tried(now: datetime) -> Select[str]:
    """Sites whose training has been tried, and is not to be tried again by itself."""
    return select(TrainingRun.site).where(
        or_(
            TrainingRun.started_at.between(now - FIRST_MODEL_PAUSE, now),
            TrainingRun.outcome == "published",
        )
    )
