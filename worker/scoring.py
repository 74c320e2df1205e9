"""Scores what has settled and what waits for review, and has a site that drifts retrained."""

import logging
from datetime import timedelta

from celery import Celery
from sqlalchemy import Engine, exists, select

from core.agreement.drift import find_new_drifts
from core.agreement.live import Scored, score_settled
from core.agreement.queue_scores import LabelsOf, enter_missing, score_page
from core.broker.names import TRAINING_QUEUE
from core.broker.queue import enqueue_training, queue_length
from core.clock import Clock
from core.database.engine import reading
from core.database.tables import Drift, ModelVersion, TrainingRun
from core.settings import Settings
from core.wording import counted

log = logging.getLogger(__name__)

ENTER_SINCE = timedelta(hours=1)  # many looks, so that one may be missed

MOST_PAGES = 100  # of one look, which must not keep the tagging queue; the next one goes on


def score_and_look(engine: Engine, app: Celery, settings: Settings, clock: Clock) -> Scored:
    """Count settled predictions into the live agreement, and report drift that shows in it.

    Returns:
        What was scored.

    Raises:
        BrokerUnreachable: a training could not be asked for; the next look asks again.
    """
    scored = score_pages(engine, settle=timedelta(days=settings.settle_days), clock=clock)
    if scored:
        log.info("live agreement: %d counted, %d passed by", scored.counted, scored.passed_by)
    with engine.begin() as connection:
        drifts = find_new_drifts(connection, now=clock.now())
    for drift in drifts:
        log.warning("%s: model version %d drifts: %s", drift.site, drift.version, drift.description)
    if settings.retrain_on_drift:
        ask_for_training(engine, app)
    return scored


def score_pages(engine: Engine, *, settle: timedelta, clock: Clock) -> Scored:
    """Score page after page, each in a transaction of its own, so that no writer waits long."""
    total = Scored()
    for _ in range(MOST_PAGES):
        with engine.begin() as connection:
            page = score_settled(connection, now=clock.now(), settle=settle)
        if not page:
            break
        total += page
    return total


def score_queue(engine: Engine, labels_of: LabelsOf, clock: Clock) -> int:
    """Score the queue of the review, page after page; return how many questions were scored."""
    with engine.begin() as connection:
        entered = enter_missing(connection, since=clock.now() - ENTER_SINCE)
    if entered:
        log.info(
            "entered the review's queue: %s of an earlier program", counted(entered, "prediction")
        )
    total = 0
    for _ in range(MOST_PAGES):
        with engine.begin() as connection:
            page = score_page(connection, labels_of)
        if not page:
            break
        total += page
    return total


def ask_for_training(engine: Engine, app: Celery) -> list[str]:
    """Ask for training where the live version drifts and no run has begun since; return the sites.

    So a message that Redis loses is sent again, and a run, however it ends, is the last for that
    drift.
    """
    tried = exists().where(
        TrainingRun.site == ModelVersion.site, TrainingRun.started_at > Drift.found_at
    )
    drifting = (
        select(ModelVersion.site)
        .join(Drift, Drift.model_version_id == ModelVersion.id)
        .where(ModelVersion.live, ~tried)
    )
    with reading(engine) as connection:
        sites = sorted(connection.execute(drifting).scalars())
    if not sites or queue_length(app, TRAINING_QUEUE) > 0:
        return []  # the trainer is busy or away: the next look asks
    for site in sites:
        log.info("%s: training is asked for, because of the drift", site)
        enqueue_training(app, site)
    return sites
