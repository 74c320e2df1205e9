"""One training run of a site, from its questions to a version that is live or waits."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Engine
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from core.clock import Clock
from core.database.engine import reading
from core.errors import BundleRefused
from core.model.bundle import Bundle
from core.model.registry import Version, find_live, load_bundle, prune
from core.questions.selection import Selection, training_selection
from trainer.data.corpus import read_corpus
from trainer.data.dataset import Dataset, Holdout, hold_out_newest
from trainer.data.stored import Survey, stored_questions, survey
from trainer.evaluation.evaluate import Judged, Judgement, judge
from trainer.evaluation.evaluated_models import metrics
from trainer.options import TrainingOptions
from trainer.progress import ProgressReporter
from trainer.report.store import store_report
from trainer.runs.export import Description, make_bundle
from trainer.runs.promotion import RunResult, publish_candidate
from trainer.runs.record import Account
from trainer.runs.rows import (
    JudgedRun,
    Outcome,
    describe,
    end_run,
    find_last_judged,
    note_data,
    prune_runs,
    start_run,
    training_lock,
)
from trainer.scoring.metrics import Scores, reliability
from trainer.scoring.operating_point import choose_operating_point
from trainer.systems.branched.checkpoints import forget_checkpoints
from trainer.systems.keras_setup import import_keras
from trainer.systems.network import Network, NetworkSystem

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A fitted and calibrated network, and the questions that it has not seen."""

    network: Network
    system: NetworkSystem
    dataset: Dataset
    holdout: Holdout
    thresholds: npt.NDArray[np.float64]


def train_site(
    engine: Engine, site: str, options: TrainingOptions, *, clock: Clock, reporter: ProgressReporter
) -> RunResult:
    """Train a model on a site's settled questions, judge it, and publish it.

    Raises:
        TrainingInProgress: another process trains for the site.
        TrainerNotInstalled: TensorFlow is not here.
        NotEnoughQuestions: the site has too few questions or tags.
        TrainingError: the network did not learn, or does not run in LiteRT as in Keras.
    """
    with training_lock(engine, site):
        with _recorded(engine, site, options, clock) as account:
            ended = _run(engine, account, options, clock=clock, reporter=reporter)
        if ended.outcome != "skipped":
            _tidy(engine, account, ended, options, clock)
    return ended


def _run(
    engine: Engine,
    account: Account,
    options: TrainingOptions,
    *,
    clock: Clock,
    reporter: ProgressReporter,
) -> RunResult:
    """The run itself, from the survey to the version."""
    site = account.site
    selection = training_selection(
        site, now=account.started_at, settle=options.settle, newest=options.most_questions
    )
    data, last = _survey(engine, account, selection)
    with reading(engine) as connection:
        live = find_live(connection, site)
        reason = reason_to_skip(last, data, options)
        if reason is not None and not _is_refused(connection, live):
            return _skip(engine, account, reason, clock)
    candidate = _train(engine, selection, data, options, account, reporter)
    reporter.stage("judging it beside the live version and a linear baseline")
    judgement = _judge(engine, candidate, live, selection, options, account, reporter)
    reporter.stage("exporting it")
    bundle = make_candidate_bundle(candidate, judgement, options, clock)
    reporter.stage("publishing it")
    return publish_candidate(engine, bundle, judgement.decision, live, options, account, clock)


@contextmanager
def _recorded(
    engine: Engine, site: str, options: TrainingOptions, clock: Clock
) -> Iterator[Account]:
    """What becomes known of the run; where it fails, its row tells so and holds the report."""
    with engine.begin() as connection:
        run = start_run(connection, site, now=clock.now())
    account = Account(run, site, options.architecture, clock.now())
    try:
        yield account
    except BaseException as error:
        account.error = describe(error)
        with engine.begin() as connection:
            end_run(connection, run, "failed", now=clock.now(), error=account.error)
        _keep_report(engine, account, "failed", clock)
        raise


def _keep_report(engine: Engine, account: Account, outcome: Outcome, clock: Clock) -> None:
    """Draw it when the row is written, and outside of transactions: it takes seconds."""
    report = account.report(outcome, clock.now())
    if report is not None:
        with engine.begin() as connection:
            store_report(connection, account.run, report)


def _tidy(
    engine: Engine, account: Account, ended: RunResult, options: TrainingOptions, clock: Clock
) -> None:
    """Keep the report, and let go of what is old. The run has ended: what fails here fails none."""
    try:
        _keep_report(engine, account, ended.outcome, clock)
        with engine.begin() as connection:
            prune(connection, account.site, keep=options.keep_versions, now=clock.now())
            prune_runs(connection, account.site, now=clock.now())
    except DBAPIError:
        log.exception("%s: the report is not kept, and nothing is pruned", account.site)


def _is_refused(connection: Connection, live: Version | None) -> bool:
    """Whether the live version's bundle does not verify, so that another one is needed."""
    if live is None:
        return False
    try:
        load_bundle(connection, live, keras=False)
    except BundleRefused:
        return True
    return False


def _skip(engine: Engine, account: Account, reason: str, clock: Clock) -> RunResult:
    with engine.begin() as connection:
        end_run(connection, account.run, "skipped", now=clock.now(), decision=reason)
        prune_runs(connection, account.site, now=clock.now())
    return RunResult("skipped", reason)


def _survey(
    engine: Engine, account: Account, selection: Selection
) -> tuple[Survey, JudgedRun | None]:
    """What there is to learn from, and the last run that learned; the former is noted."""
    with reading(engine) as connection:
        last = find_last_judged(connection, selection.site)
        newest = last.newest_question_id if last is not None else None
        data = survey(connection, selection, newer_than=newest)
    with engine.begin() as connection:
        note_data(
            connection,
            account.run,
            questions=data.questions,
            newest=data.newest_question_id,
            fingerprint=data.fingerprint,
        )
    return data, last


def reason_to_skip(last: JudgedRun | None, data: Survey, options: TrainingOptions) -> str | None:
    """One line, where a run that the schedule asks for would come to nothing.

    Args:
        last: the newest run that made a version.
        data: what there is now; its `newer` are newer than the newest of that run.
        options: how many questions are needed, and how many of them new.
    """
    if options.new_questions is None:
        return None
    if data.tagged < options.min_questions:
        return (
            f"there are {data.tagged:,} tagged questions that have settled, and "
            f"{options.min_questions:,} are needed (TAGGER_MIN_QUESTIONS)"
        )
    if last is None:
        return None
    when = f"the run of {last.started_at:%Y-%m-%d %H:%M}"
    if last.fingerprint == data.fingerprint:
        return f"nothing has changed since {when}"
    new = max(data.newer, data.questions - last.questions)  # older ones may have been imported
    if new < options.new_questions:
        return (
            f"{new:,} questions are new since {when}, and {options.new_questions:,} are needed "
            "(TAGGER_RETRAIN_NEW_QUESTIONS)"
        )
    return None


def _train(
    engine: Engine,
    selection: Selection,
    data: Survey,
    options: TrainingOptions,
    account: Account,
    reporter: ProgressReporter,
) -> Candidate:
    """Read the questions, set the newest apart, fit a network to the rest, calibrate it."""
    reporter.stage("loading TensorFlow")
    import_keras()
    system = options.system()
    account.hyperparameters = system.manifest_hyperparameters()
    reporter.stage("reading questions")
    with reading(engine) as connection:
        questions = stored_questions(connection, selection)
        corpus = read_corpus(selection.site, questions, system.text)
    dataset, holdout = hold_out_newest(corpus, options.dataset)
    account.describe_data(dataset, holdout, data)
    reporter.stage(f"training {system.name} on {len(dataset.split.train):,} questions")
    if options.fresh and options.resume is not None:
        forget_checkpoints(options.resume)
    network = system.fit(dataset, seed=options.seed, reporter=reporter, resume=options.resume)
    account.epochs = network.epochs
    targets = dataset.targets[dataset.split.validation]
    validation = network.predict_validation(dataset)
    operating_point = choose_operating_point(
        targets, validation, min_precision=options.min_precision
    )
    uncalibrated = reliability(Scores(targets, validation, operating_point.thresholds))
    account.describe_calibration(operating_point.choice, uncalibrated)
    calibrated = replace(
        network, calibration=operating_point.calibration, validation_probabilities=None
    )
    return Candidate(calibrated, system, dataset, holdout, operating_point.thresholds)


def _judge(
    engine: Engine,
    candidate: Candidate,
    live: Version | None,
    selection: Selection,
    options: TrainingOptions,
    account: Account,
    reporter: ProgressReporter,
) -> Judgement:
    judged = Judged(
        tagger=candidate.network,
        description=candidate.system.name,
        dataset=candidate.dataset,
        thresholds=candidate.thresholds,
        holdout=candidate.holdout,
        selection=selection,
    )
    judgement = judge(
        engine, judged, live, confidence=options.confidence, seed=options.seed, reporter=reporter
    )
    account.describe_judgement(judgement)
    return judgement


def make_candidate_bundle(
    candidate: Candidate, judgement: Judgement, options: TrainingOptions, clock: Clock
) -> Bundle:
    """Return the candidate's bundle, with the figures of its judgement.

    Raises:
        TrainingError: the exported network is not the trained one.
    """
    parts = candidate.dataset.split
    figures: dict[str, Any] = {
        **metrics(judgement.evaluated_models[0], judgement.tags),
        "train_questions": len(parts.train),
        "validation_questions": len(parts.validation),
        "epochs": len(candidate.network.epochs),
    }
    description = Description(
        created_at=clock.now(),
        thresholds=candidate.thresholds,
        metrics=figures,
        hyperparameters=candidate.system.manifest_hyperparameters() | {"seed": options.seed},
    )
    return make_bundle(candidate.network, candidate.system, candidate.dataset, description)
