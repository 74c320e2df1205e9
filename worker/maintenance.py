"""What keeps the line moving with nobody watching: the sweep, and training that cannot wait."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import product
from typing import Final

from celery import Celery
from sqlalchemy import Engine, Select, func, not_, or_, select
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement

from core.broker.feeding import refill
from core.broker.names import TRAINING_QUEUE
from core.broker.queue import enqueue_training, queue_length, waiting_questions
from core.clock import Clock
from core.database.engine import reading
from core.database.known_sites import stored_sites
from core.database.tables import ModelVersion, TrainingRun
from core.questions.leases import end_lease, find_overdue, free_lost
from core.questions.lifecycle import Priority, park_exhausted
from core.questions.retention import prune_pages
from core.questions.selection import count_trainable
from core.questions.training_lock import is_training
from core.settings import Settings
from core.wording import counted

log = logging.getLogger(__name__)

FIRST_MODEL_PAUSE: Final = timedelta(minutes=30)
GROWN: Final = 2  # times the questions of the last training that made a version
MOST_PRUNED_PAGES: Final = 100  # of one time, which must not keep the tagging queue
SWEEP_SECONDS: Final = 5.0  # it looks at the oldest requests alone


def sweep_seconds(settings: Settings) -> float:
    """How often the clock sweeps: what died or was lost waits for no more than that to be seen."""
    return min(SWEEP_SECONDS, max(1.0, settings.lease_seconds / 4))


def park_seconds(settings: Settings) -> float:
    """How often all that is pending is looked through for what has failed too often."""
    return max(1.0, settings.lease_seconds / 4)


def park_failed(engine: Engine, settings: Settings, clock: Clock) -> None:
    """Park what has failed too often."""
    lease = timedelta(seconds=settings.lease_seconds)
    with engine.begin() as connection:
        parked = park_exhausted(connection, now=clock.now(), lease=lease)
    if parked:
        log.warning("questions that were parked: %d; see: tagger parked list", len(parked))


def sweep_pending(engine: Engine, app: Celery, settings: Settings, clock: Clock) -> int:
    """Enqueue what was lost on its way, and what is pending and no finisher has enqueued.

    Returns:
        How many questions were enqueued.

    Raises:
        BrokerUnreachable: they stay pending, and a sweep after it enqueues them.
    """
    lease = timedelta(seconds=settings.lease_seconds)
    _free_what_was_lost(engine, app, now=clock.now(), lease=lease)
    enqueued = refill(engine, app, settings, clock)
    if enqueued:
        log.info("the sweep enqueued %s", counted(enqueued, "pending question"))
    return enqueued


def _free_what_was_lost(engine: Engine, app: Celery, *, now: datetime, lease: timedelta) -> None:
    """Free what the broker does not hold any more, though it was put into its queue.

    It was emptied, say, or began anew from a copy of before.
    """
    live = select(ModelVersion.site).where(ModelVersion.live).distinct()
    overdue: set[int] = set()
    with reading(engine) as connection:
        for site, priority in product(connection.execute(live).scalars().all(), Priority):
            overdue |= find_overdue(connection, site, priority=priority, now=now, lease=lease)
    waiting = waiting_questions(app) if overdue else None
    lost = overdue - waiting if waiting is not None else set()
    if not lost:
        return
    with engine.begin() as connection:
        freed = free_lost(connection, lost, now=now, lease=lease)
    lost_ones = counted(freed, "question")
    log.warning("lost on the way through the queue, and enqueued again: %s", lost_ones)


def leave_to_sweep(
    connection: Connection, pks: Sequence[int], settings: Settings, *, now: datetime
) -> None:
    """Have questions that could not be tried enqueued a while later: nothing has changed yet."""
    lease = timedelta(seconds=settings.lease_seconds)
    end_lease(connection, pks, at=now + lease / 4, lease=lease)


def train_first_models(engine: Engine, app: Celery, settings: Settings, clock: Clock) -> list[str]:
    """Ask for training where a site has no live model and questions enough; return the sites.

    A site whose last run began a short while ago is skipped: it may still be running (a second
    one ends at its lock), and one that failed would most likely fail again. So is one that has a
    version which did not pass the gate: the schedule tries again, and a person may promote it.
    """
    if queue_length(app, TRAINING_QUEUE) > 0:
        return []  # the trainer is busy or away: one message more would be one run too many
    now = clock.now()
    live = select(ModelVersion.site).where(ModelVersion.live)
    with reading(engine) as connection:
        left_out = {*connection.scalars(live), *connection.scalars(_tried(now))}
        sites = [
            site
            for site in stored_sites(connection)
            if site not in left_out
            and count_trainable(connection, site, settings, now=now) >= settings.min_questions
            and not is_training(connection, site)
        ]
    for site in sites:
        log.info("%s has no live model and questions enough: training is asked for", site)
        enqueue_training(app, site)
    return sites


def train_grown_sites(engine: Engine, app: Celery, settings: Settings, clock: Clock) -> list[str]:
    """Ask for training where a site has outgrown its last training; return the sites.

    A site whose history is being fetched has a hundred times as many questions a day later: it does
    not wait for the schedule, but is trained whenever it has twice as many as the last run had,
    however that ended: what has not enough memory or time is not tried again and again. A run that
    was skipped counts only where the site had outgrown the one before: it would be skipped again. A
    site that is being trained, or whose last run began a short while ago, is left out.
    """
    if queue_length(app, TRAINING_QUEUE) > 0:
        return []
    now = clock.now()
    with reading(engine) as connection:
        lately = set(connection.scalars(_begun_lately(now)))
        last = _questions_of_last_runs(connection)
        was_skipped = TrainingRun.outcome.is_not_distinct_from("skipped")
        trained = _questions_of_last_runs(connection, not_(was_skipped))
        due = {site: _grown_from(trained.get(site, 0), had, settings) for site, had in last.items()}
        grown = {
            site: trained.get(site, 0)
            for site, needed in sorted(due.items())
            if site not in lately
            and needed <= settings.training_questions  # more are not read
            and count_trainable(connection, site, settings, now=now) >= needed
            and not is_training(connection, site)
        }
    for site, questions in grown.items():
        log.info("%s has outgrown its last model: training is asked for", site)
        # A message that another run overtakes is skipped: little is new then.
        enqueue_training(app, site, new_questions=max(1, questions // 2))
    return list(grown)


def _questions_of_last_runs(connection: Connection, *chosen: ColumnElement[bool]) -> dict[str, int]:
    """By site, how many questions the last of some runs had that has counted them."""
    counted_runs = select(func.max(TrainingRun.id)).where(TrainingRun.questions.is_not(None))
    last = counted_runs.where(*chosen).group_by(TrainingRun.site)
    rows = select(TrainingRun.site, TrainingRun.questions).where(TrainingRun.id.in_(last))
    return {site: questions or 0 for site, questions in connection.execute(rows)}


def _grown_from(trained: int, last: int, settings: Settings) -> int:
    """How many questions a site needs, to be trained before the schedule trains it.

    Args:
        trained: that the last run had which was not skipped; 0 where each was, as of a site whose
            model was imported.
        last: that the last run had, which may have been skipped.
        settings: name the fewest.
    """
    needed = max(GROWN * trained, settings.min_questions)
    return needed if last < needed else GROWN * last


def prune_old_predictions(engine: Engine, settings: Settings, clock: Clock) -> int:
    """Delete predictions of pruned versions that are older than the setting; return how many."""
    if settings.keep_predictions_days is None:
        return 0
    before = clock.now() - timedelta(days=settings.keep_predictions_days)
    deleted = prune_pages(engine, before=before, most_pages=MOST_PRUNED_PAGES)
    if deleted:
        log.info("deleted of pruned models: %s", counted(deleted, "old prediction"))
    return deleted


def _tried(now: datetime) -> Select[str]:
    """Sites whose training has been tried, and is not to be tried again by itself."""
    return select(TrainingRun.site).where(
        or_(
            TrainingRun.site.in_(_begun_lately(now)),
            TrainingRun.outcome == "published",
        )
    )


def _begun_lately(now: datetime) -> Select[str]:
    """Sites whose last training may still be running, or would most likely fail again."""
    return select(TrainingRun.site).where(
        TrainingRun.started_at.between(now - FIRST_MODEL_PAUSE, now)
    )
