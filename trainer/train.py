"""One training run of a site, from its questions to a version in the registry."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Engine

from core.bundle import Bundle
from core.clock import Clock
from core.database import reading
from core.errors import TrainingError
from core.registry import Version, find_live, promote, publish
from trainer.corpus import read_corpus
from trainer.keras_setup import import_keras
from trainer.metrics import Scores, evaluate
from trainer.progress import Watch
from trainer.publish import Description, make_bundle
from trainer.runs import Outcome, describe, end_run, start_run, training_lock
from trainer.splits import SplitName
from trainer.stored import Selection, stored_questions
from trainer.systems import ARCHITECTURES, DEFAULT_ARCHITECTURE
from trainer.systems.base import Task
from trainer.systems.network import Network, NetworkSystem
from trainer.tasks import TaskOptions, make_task
from trainer.thresholds import choose_thresholds


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingOptions:
    """What can be chosen for a run.

    Attributes:
        architecture: a name of ARCHITECTURES.
        top_tags: how many of the site's tags are learned.
        min_questions: a site with fewer questions that have one of them is refused.
        class_weights: whether they multiply the loss; None leaves it to the architecture.
        epochs: at most; None leaves it to the architecture.
        seed: of the network's random numbers.
        split: which questions judge.
    """

    architecture: str = DEFAULT_ARCHITECTURE
    top_tags: int = 100
    min_questions: int = 1000
    class_weights: bool | None = None
    epochs: int | None = None
    seed: int = 0
    split: SplitName = "random"

    def system(self) -> NetworkSystem:
        """The architecture with its hyperparameters.

        Raises:
            TrainingError: it knows no class weights.
        """
        architecture = ARCHITECTURES[self.architecture]
        chosen: dict[str, Any] = {"class_weights": self.class_weights, "epochs": self.epochs}
        given = {name: value for name, value in chosen.items() if value is not None}
        if given.keys() - {field.name for field in fields(architecture)}:
            raise TrainingError(
                f"The architecture {self.architecture} is trained without class weights; those of "
                "the article take them: conv1d, simple."
            )
        return architecture(**given)


def train_site(
    engine: Engine, site: str, options: TrainingOptions, *, clock: Clock, watch: Watch
) -> Version:
    """Train a model on a site's questions and publish it; live where the site has none.

    Returns:
        The new version.

    Raises:
        TrainingInProgress: another process trains for the site.
        TrainerNotInstalled: TensorFlow is not here.
        NotEnoughQuestions: the site has too few questions or tags.
        TrainingError: the network did not learn, or does not run in LiteRT as in Keras.
    """
    with training_lock(engine, site), _recorded_run(engine, site, clock) as run:
        watch.stage("loading TensorFlow")
        import_keras()
        system = options.system()

        watch.stage("reading questions")
        with reading(engine) as connection:
            corpus = read_corpus(site, stored_questions(connection, Selection(site)), system.text)
        task = make_task(
            corpus,
            TaskOptions(
                top_tags=options.top_tags, min_questions=options.min_questions, split=options.split
            ),
        )

        watch.stage(f"training {system.name} on {len(task.split.train):,} questions")
        network = system.fit(task, seed=options.seed, watch=watch)

        watch.stage("evaluating and exporting")
        bundle = judge(network, system, task, options, clock)
        return _publish(engine, bundle, run, clock)


@contextmanager
def _recorded_run(engine: Engine, site: str, clock: Clock) -> Iterator[int]:
    """The key of a row that tells how the run went, also when it fails."""
    with engine.begin() as connection:
        run = start_run(connection, site, now=clock.now())
    try:
        yield run
    except BaseException as error:
        with engine.begin() as connection:
            end_run(connection, run, "failed", now=clock.now(), error=describe(error))
        raise


def judge(
    network: Network, system: NetworkSystem, task: Task, options: TrainingOptions, clock: Clock
) -> Bundle:
    """Choose thresholds on the validation part, measure on the test part, make the bundle.

    Raises:
        TrainingError: the exported network is not the trained one.
    """
    thresholds = choose_thresholds(task.targets[task.split.validation], network.unseen(task))
    rows = task.split.test
    scores = Scores(task.targets[rows], network.probabilities(task.corpus, rows), thresholds)
    metrics: dict[str, float | int | str] = {
        **evaluate(scores),
        "split": options.split,
        "train_questions": len(task.split.train),
        "validation_questions": len(task.split.validation),
        "test_questions": len(rows),
        "epochs": len(network.epochs),
    }
    description = Description(
        created_at=clock.now(),
        thresholds=thresholds,
        metrics=metrics,
        hyperparameters=system.hyperparameters() | {"seed": options.seed},
    )
    return make_bundle(network, system, task, description)


def _publish(engine: Engine, bundle: Bundle, run: int, clock: Clock) -> Version:
    """Add the version, make it live where the site has none, and end the run: all or nothing."""
    site, now = bundle.manifest.site, clock.now()
    with engine.begin() as connection:
        version = publish(connection, bundle, now=now)
        if find_live(connection, site) is None:
            version = promote(connection, site, version.version, now=now, reason="gate")
        outcome: Outcome = "promoted" if version.live else "published"
        end_run(connection, run, outcome, now=now, model_version_id=version.id)
    return version
