"""The Celery application of workers and scheduler: its tasks. When they fire: `schedule.py`.

Children of the prefork pool make their own engine and models, after the fork, at their first task.
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import cached_property

from celery import Celery, signals
from sqlalchemy import Engine, select

from core.agreement.version_labels import VersionLabels
from core.broker.feeding import refill
from core.broker.names import TRAINING_QUEUE
from core.broker.queue import (
    SWEEP_TASK,
    TAG_TASK,
    TRAIN_TASK,
    enqueue_training,
    make_celery,
    queue_length,
)
from core.clock import Clock, SystemClock
from core.console import with_hint
from core.database.clock import DatabaseClock
from core.database.engine import make_engine, reading
from core.database.tables import ModelVersion
from core.errors import (
    BrokerUnreachable,
    CacheUnusable,
    DatabaseUnreachable,
    ModelError,
    ModelMissing,
)
from core.model.bundle_cache import open_cache
from core.model.live_models import LiveModels
from core.model.sentences.encoders import Encoders
from core.parts.retry import Outage
from core.settings import Settings
from core.wording import counted
from worker.loading.preload import Preloading
from worker.maintenance import (
    leave_to_sweep,
    park_failed,
    prune_old_predictions,
    sweep_pending,
    train_first_models,
    train_grown_sites,
)
from worker.scoring import score_and_look, score_queue
from worker.tagging import FIRST_OF_ALL, BatchOutcome, tag_batch
from worker.told import ToldOnce
from worker.training import run_training

log = logging.getLogger(__name__)

PARK_TASK = "tagger.park"
SCORE_TASK = "tagger.score"
FIRST_MODELS_TASK = "tagger.train_first_models"
GROWN_TASK = "tagger.train_grown_sites"
RETRAIN_TASK = "tagger.retrain"
SCORE_QUEUE_TASK = "tagger.score_review_queue"
PRUNE_TASK = "tagger.prune_predictions"

TAG_SECONDS = 240  # a batch takes one; a text that hangs is ended and counted


class Tasks:
    """The tasks' bodies, and what those of one process share, made when the first needs it."""

    def __init__(self, app: Celery, settings: Settings, clock: Clock) -> None:
        self._app = app
        self._settings = settings
        self._machine_clock = clock
        self._database = Outage(log, "the database")
        self._broker = Outage(log, "the broker")
        self._folder = Outage(log, "the folder of unpacked models")
        self._without_model = ToldOnce()
        self._preloading = Preloading()
        self._preloads = True
        self._has_tagged = False

    @cached_property
    def _clock(self) -> Clock:
        return DatabaseClock(self._engine, self._machine_clock)

    @cached_property
    def _engine(self) -> Engine:
        return make_engine(self._settings.database)

    @cached_property
    def _models(self) -> LiveModels:
        return LiveModels(
            self._engine,
            open_cache(self._settings),
            most_bytes=self._settings.model_memory_mb * 1_000_000,
            encoders=Encoders(self._settings.teacher),
        )

    @cached_property
    def _labels(self) -> VersionLabels:
        return VersionLabels(self._engine, open_cache(self._settings))

    def preload(self) -> None:
        """Load the model that this process will most likely need, until its first task comes."""
        if self._preloads:
            self._preloading.begin(self._engine, self._models, open_cache(self._settings))

    def end_preloads(self) -> None:
        """Let processes that are forked from now on load nothing by themselves.

        Each takes the place of one that died, as by loading a model in too little memory: it would
        die the same way, again and again, and without a question whose attempts end.
        """
        self._preloads = False

    def tag(self, site: str, pks: list[int]) -> None:
        """Tag a batch; what stands in its way is one line in the log, and it stays pending."""
        self._preloading.wait()
        try:
            outcome = self._tag(site, pks)
        except CacheUnusable as error:
            self._folder.note(with_hint(error))
            self._in_one_line(lambda: self._leave(pks))
        except ModelError as error:
            is_missing = isinstance(error, ModelMissing)
            if not is_missing or self._without_model.begins(site):  # until it has one
                log.warning("%s", with_hint(error))
            self._in_one_line(lambda: self._leave(pks))
        except DatabaseUnreachable as error:
            self._database.note(f"{counted(len(pks), 'question')} of {site} left waiting: {error}")
        else:
            self._database.end()
            self._folder.end()
            self._without_model.ends(site)
            log.info("%s: %s", site, outcome)
            self._has_tagged = True
            self._in_one_line(self._refill, asks_broker=True)

    def _tag(self, site: str, pks: list[int]) -> BatchOutcome:
        return tag_batch(
            self._engine,
            self._models,
            site,
            pks,
            self._clock,
            lease=timedelta(seconds=self._settings.lease_seconds),
            first=0 if self._has_tagged else FIRST_OF_ALL,
        )

    def _refill(self) -> None:
        refill(self._engine, self._app, self._settings, self._clock, patience=0)

    def _leave(self, pks: list[int]) -> None:
        with self._engine.begin() as connection:
            leave_to_sweep(connection, pks, self._settings, now=self._clock.now())

    def sweep(self) -> None:
        """Enqueue what was left behind."""
        self._in_one_line(
            lambda: sweep_pending(self._engine, self._app, self._settings, self._clock),
            asks_broker=True,
        )

    def park(self) -> None:
        """Park what has failed too often."""
        self._in_one_line(lambda: park_failed(self._engine, self._settings, self._clock))

    def train_first_models(self) -> None:
        """Ask for training where a site has no live model."""
        self._in_one_line(
            lambda: train_first_models(self._engine, self._app, self._settings, self._clock)
        )

    def train_grown_sites(self) -> None:
        """Ask for training where a site has outgrown its last model."""
        self._in_one_line(
            lambda: train_grown_sites(self._engine, self._app, self._settings, self._clock)
        )

    def score_queue(self) -> None:
        """Score what waits for review."""
        self._in_one_line(lambda: score_queue(self._engine, self._labels, self._clock))

    def prune_predictions(self) -> None:
        """Delete predictions that are kept no longer."""
        self._in_one_line(lambda: prune_old_predictions(self._engine, self._settings, self._clock))

    def score(self) -> None:
        """Score what has settled, and look for drift."""
        self._in_one_line(
            lambda: score_and_look(self._engine, self._app, self._settings, self._clock)
        )

    def retrain(self) -> None:
        """Ask for training of all sites."""
        self._in_one_line(self._enqueue_all_trainings)

    def _enqueue_all_trainings(self) -> None:
        if queue_length(self._app, TRAINING_QUEUE) > 0:
            log.warning("the trainer is busy or away: this time no training is asked for")
            return
        with reading(self._engine) as connection:
            live = connection.execute(select(ModelVersion.site).where(ModelVersion.live)).scalars()
            sites = sorted({*self._settings.sites, *live})
        for site in sites:
            enqueue_training(self._app, site, new_questions=self._settings.retrain_new_questions)

    def train(self, site: str, new_questions: int) -> None:
        """Train a site's model in a process of its own, where so many questions are new."""
        run_training(site, self._settings, new_questions=new_questions, clock=self._clock)

    def _in_one_line(self, action: Callable[[], object], *, asks_broker: bool = False) -> None:
        """Do something of which the schedule brings the next try."""
        try:
            action()
        except DatabaseUnreachable as error:
            self._database.note(with_hint(error))
        except BrokerUnreachable as error:
            self._broker.note(with_hint(error))
        except CacheUnusable as error:
            self._folder.note(with_hint(error))
        else:
            self._database.end()
            if asks_broker:
                self._broker.end()


def make_app(settings: Settings, *, preloads: bool = False) -> Celery:
    """Return the application with its tasks.

    Args:
        settings: the service's.
        preloads: whether the first processes of its pool load a model before their first task.
    """
    app = make_celery(settings)
    signals.setup_logging.connect(_keep_our_logging, weak=False)
    tasks = Tasks(app, settings, SystemClock())
    _add_tasks(app, tasks)
    if preloads:
        signals.worker_process_init.connect(lambda **_: tasks.preload(), weak=False)
        signals.worker_ready.connect(lambda **_: tasks.end_preloads(), weak=False)
    return app


def _add_tasks(app: Celery, tasks: Tasks) -> None:
    # Not typed: Celery's check of arguments would ask for a method's self. Nor shared with other
    # applications of the process, whose bodies are other ones.
    short = {"time_limit": TAG_SECONDS, "typing": False, "shared": False}
    app.task(name=TAG_TASK, **short)(tasks.tag)
    app.task(name=SWEEP_TASK, **short)(tasks.sweep)
    app.task(name=PARK_TASK, **short)(tasks.park)
    app.task(name=FIRST_MODELS_TASK, **short)(tasks.train_first_models)
    app.task(name=GROWN_TASK, **short)(tasks.train_grown_sites)
    app.task(name=SCORE_TASK, **short)(tasks.score)
    app.task(name=SCORE_QUEUE_TASK, **short)(tasks.score_queue)
    app.task(name=RETRAIN_TASK, **short)(tasks.retrain)
    app.task(name=PRUNE_TASK, **short)(tasks.prune_predictions)
    # Taken at once: a run that its worker's end cuts short is requested again, and not by Redis.
    app.task(name=TRAIN_TASK, acks_late=False, typing=False, shared=False)(tasks.train)


def _keep_our_logging(**_: object) -> None:
    """Being connected is enough: Celery then sets up no logging of its own."""
