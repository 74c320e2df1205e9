"""One training run of a site, from its questions to a version that is live or waits."""

import logging
import shutil
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from core.clock import Clock
from core.database.engine import reading
from core.errors import BundleRefused, DatabaseUnreachable, EncoderMissing, TrainingError
from core.model.bundle import Bundle, pack
from core.model.fetching import fetch_manifest, load_bundle
from core.model.registry import Version, find_live, prune
from core.model.sentences.encoders import Encoders
from core.questions.selection import Selection, training_selection
from core.questions.time_order import Seen
from core.questions.training_lock import training_lock
from core.wording import counted
from trainer.data.corpus import read_corpus
from trainer.data.dataset import Dataset, Holdout, check_number, hold_out_newest
from trainer.data.stored import Survey, stored_questions, survey
from trainer.evaluation.candidate import Candidate
from trainer.evaluation.evaluate import Evaluation, evaluate_candidate
from trainer.evaluation.evaluated_models import LIVE_THREADS, version_metrics
from trainer.evaluation.post_processing import add_post_processing
from trainer.options import TrainingOptions
from trainer.progress import ProgressReporter
from trainer.report.record import CalibrationFigures, RunData, RunRecord
from trainer.runs.export import Description, make_bundle, room_in
from trainer.runs.promotion import RunResult, publish_candidate
from trainer.runs.record import keep_report, recorded
from trainer.runs.rows import (
    PublishedRun,
    end_run,
    find_last_published,
    note_data,
    prune_runs,
)
from trainer.scoring.metrics import Scores, reliability
from trainer.scoring.operating_point import OperatingPoint, choose_operating_point
from trainer.systems import ARCHITECTURES
from trainer.systems.branched.parts.checkpoints import forget_checkpoints
from trainer.systems.branched.with_encoder import missing_encoder
from trainer.systems.networks.keras_setup import check_installed, import_keras
from trainer.systems.networks.network import Network, NetworkSystem
from trainer.teacher.teacher import Teacher, open_teacher

log = logging.getLogger(__name__)


def train_site(
    engine: Engine, site: str, options: TrainingOptions, *, clock: Clock, reporter: ProgressReporter
) -> RunResult:
    """Train a model on a site's settled questions, evaluate it, and publish it.

        options = TrainingOptions.of(Settings(), architecture="conv1d", promote=False)
        train_site(engine, "stats", options, clock=SystemClock(), reporter=ProgressReporter())

    Raises:
        TrainingInProgress: another process trains for the site.
        TrainerNotInstalled: TensorFlow is not here; no run is recorded.
        NotEnoughQuestions: the site has too few questions or tags.
        TrainingError: the network did not learn, or does not run in LiteRT as in Keras.
    """
    check_installed()
    with training_lock(engine, site):
        with recorded(engine, site, options.architecture, clock) as record:
            result = _run(engine, record, options, clock=clock, reporter=reporter)
        if result.outcome != "skipped":
            _tidy(engine, record, result, options, clock)
    return result


def _run(
    engine: Engine,
    record: RunRecord,
    options: TrainingOptions,
    *,
    clock: Clock,
    reporter: ProgressReporter,
) -> RunResult:
    """The run itself, from the survey to the version."""
    selection = training_selection(
        record.site,
        now=record.started_at,
        settle=options.settle,
        newest=options.most_questions,
    )
    data, last = _survey(engine, record, selection)
    with reading(engine) as connection:
        live = find_live(connection, record.site)
        reason = reason_to_skip(last, data, options)
        if reason is not None and not _is_refused(connection, live):
            return _skip(engine, record, reason, clock)
    check_number(record.site, data.tagged, options.min_questions)  # before TensorFlow's seconds
    check_encoders(engine, live, options)
    with _teacher(options, reporter) as teacher:
        candidate = _train(engine, selection, data, options, record, teacher, reporter)
        evaluation = _evaluate(engine, candidate, live, options, record, reporter)
        reporter.stage("exporting it")
        checkpoints = candidate.network.checkpoints
        with TemporaryDirectory(prefix="candidate-") as folder:
            with room_in(Path(folder).parent, resumes=checkpoints is not None):
                bundle = make_candidate_bundle(candidate, evaluation, options, clock, Path(folder))
                packed = pack(bundle, Path(folder) / "bundle.zip")
            reporter.stage("publishing it")
            decision = evaluation.decision
            result = publish_candidate(engine, packed, decision, live, options, record, clock)
        if checkpoints is not None:  # not before: nothing is fitted twice
            shutil.rmtree(checkpoints, ignore_errors=True)
        return result


def _teacher(
    options: TrainingOptions, reporter: ProgressReporter
) -> AbstractContextManager[Teacher | None]:
    named = options.teacher if options.has_teacher else None
    return open_teacher(named, options.teacher_folder, reporter)


def check_encoders(engine: Engine, live: Version | None, options: TrainingOptions) -> None:
    """Look whether the sentence encoders are here that candidate and live version read, if any.

    Where a person decides, nothing needs to be told of the live version.

    Raises:
        TrainingError: the architecture reads one, and none is named.
        EncoderMissing: the live version reads one that is not here, so nothing could be told of it.
    """
    if ARCHITECTURES[options.architecture].needs_teacher and options.teacher is None:
        raise TrainingError(missing_encoder(options.architecture))
    if live is None or options.promote is not None:
        return
    try:
        with reading(engine) as connection:
            sentence = fetch_manifest(connection, live).sentence
    except BundleRefused:
        return  # the evaluation says so
    try:
        if sentence is not None:
            Encoders(options.teacher).check(sentence)
    except EncoderMissing as error:
        instead = f"Or replace that version unseen: tagger train --site {live.site} --promote"
        raise EncoderMissing(error.fault, f"{error.advice} {instead}") from error


def _tidy(
    engine: Engine, record: RunRecord, result: RunResult, options: TrainingOptions, clock: Clock
) -> None:
    """Keep the report, and prune what is old. The run has ended: what fails here fails none."""
    try:
        keep_report(engine, record, result.outcome, clock)
        with engine.begin() as connection:
            prune(connection, record.site, keep=options.keep_versions, now=clock.now())
    except (DBAPIError, DatabaseUnreachable):
        log.exception("%s: the report is not kept, and nothing is pruned", record.site)


def _is_refused(connection: Connection, live: Version | None) -> bool:
    """Whether the live version's bundle does not verify, so that another one is needed."""
    if live is None:
        return False
    try:
        with TemporaryDirectory(prefix="live-") as folder:
            load_bundle(connection, live, Path(folder), keras=False)
    except BundleRefused:
        return True
    return False


def _skip(engine: Engine, record: RunRecord, reason: str, clock: Clock) -> RunResult:
    with engine.begin() as connection:
        end_run(connection, record.run, "skipped", now=clock.now(), decision=reason)
        prune_runs(connection, record.site, now=clock.now())
    return RunResult("skipped", reason)


def _survey(
    engine: Engine, record: RunRecord, selection: Selection
) -> tuple[Survey, PublishedRun | None]:
    """What there is to learn from, and the last run that learned; the former is noted."""
    with reading(engine) as connection:
        last = find_last_published(connection, selection.site)
        data = survey(connection, selection, seen=Seen() if last is None else last.seen)
    with engine.begin() as connection:
        note_data(
            connection,
            record.run,
            questions=data.questions,
            seen=Seen(selection.settled_before, data.last_row),
            fingerprint=data.fingerprint,
        )
    return data, last


def reason_to_skip(last: PublishedRun | None, data: Survey, options: TrainingOptions) -> str | None:
    """One line, where a run that the schedule asks for would come to nothing.

    Args:
        last: the newest run that made a version.
        data: what there is now; its `new` are those that run has not seen.
        options: how many questions are needed, and how many of them new.
    """
    if options.new_questions is None:
        return None
    if data.tagged < options.min_questions:
        return (
            f"{counted(data.tagged, 'settled and tagged question')} here, and "
            f"{options.min_questions:,} are needed (TAGGER_MIN_QUESTIONS)"
        )
    if last is None:
        return None
    when = f"the run of {last.started_at:%Y-%m-%d %H:%M}"
    if last.fingerprint == data.fingerprint:
        return f"nothing has changed since {when}"
    if data.new < options.new_questions:
        return (
            f"{counted(data.new, 'new question')} since {when}, and {options.new_questions:,} are "
            "needed (TAGGER_RETRAIN_NEW_QUESTIONS)"
        )
    return None


def _train(
    engine: Engine,
    selection: Selection,
    data: Survey,
    options: TrainingOptions,
    record: RunRecord,
    teacher: Teacher | None,
    reporter: ProgressReporter,
) -> Candidate:
    """Read the questions, set the newest apart, fit a network to the rest, calibrate it."""
    reporter.stage("loading TensorFlow")
    import_keras()
    system = options.system(teacher)
    record.hyperparameters = system.manifest_hyperparameters()
    reporter.stage("reading questions")
    dataset, holdout = _read(engine, selection, system, options, teacher)
    record.data = RunData.of(dataset, holdout, data)
    record.learned_row = dataset.corpus.seen().row
    reporter.stage(f"training {system.name} on {len(dataset.split.train):,} questions")
    if options.fresh and options.resume is not None:
        forget_checkpoints(options.resume)
    network = system.fit(dataset, seed=options.seed, reporter=reporter, resume=options.resume)
    record.data = RunData.of(dataset, holdout, data, network)
    record.epochs = network.epochs
    calibrated, operating_point = _calibrate(network, dataset, options, record)
    return Candidate(
        network=calibrated,
        system=system,
        dataset=dataset,
        thresholds=operating_point.thresholds,
        holdout=holdout,
        selection=selection,
    )


def _read(
    engine: Engine,
    selection: Selection,
    system: NetworkSystem,
    options: TrainingOptions,
    teacher: Teacher | None,
) -> tuple[Dataset, Holdout]:
    with reading(engine) as connection:
        questions = stored_questions(connection, selection)
        if teacher is not None:
            questions = teacher.watch(questions)
        corpus = read_corpus(selection.site, questions, system.text)
    return hold_out_newest(corpus, options.dataset)


def _calibrate(
    network: Network, dataset: Dataset, options: TrainingOptions, record: RunRecord
) -> tuple[Network, OperatingPoint]:
    """Choose on the validation part what names say, rivals, calibration and thresholds."""
    network = add_post_processing(network, dataset)
    targets = dataset.targets[network.validation_rows(dataset)]
    probabilities = network.predict_validation(dataset)
    chosen = choose_operating_point(targets, probabilities, min_precision=options.min_precision)
    uncalibrated = reliability(Scores(targets, probabilities, chosen.thresholds))
    record.calibration = CalibrationFigures.of(chosen.choice, uncalibrated)
    calibrated = replace(network, calibration=chosen.calibration, validation_probabilities=None)
    return calibrated, chosen


def _evaluate(
    engine: Engine,
    candidate: Candidate,
    live: Version | None,
    options: TrainingOptions,
    record: RunRecord,
    reporter: ProgressReporter,
) -> Evaluation:
    reporter.stage("evaluating it beside the live version and a linear baseline")
    evaluation = evaluate_candidate(
        engine,
        candidate,
        live,
        confidence=options.confidence,
        seed=options.seed,
        reporter=reporter,
        encoders=Encoders(options.teacher, threads=LIVE_THREADS),
    )
    record.add_evaluation(evaluation)
    return evaluation


def make_candidate_bundle(
    candidate: Candidate,
    evaluation: Evaluation,
    options: TrainingOptions,
    clock: Clock,
    folder: Path,
) -> Bundle:
    """Return the candidate's bundle in a folder, with the figures of its evaluation.

    Raises:
        TrainingError: the exported network is not the trained one.
    """
    network, dataset = candidate.network, candidate.dataset
    figures: dict[str, Any] = {
        **version_metrics(evaluation.evaluated_models[0], evaluation.tags),
        "train_questions": len(network.training_rows(dataset)),
        "validation_questions": len(network.validation_rows(dataset)),
        "epochs": len(network.epochs),
    }
    description = Description(
        created_at=clock.now(),
        thresholds=candidate.thresholds,
        metrics=figures,
        hyperparameters=candidate.system.manifest_hyperparameters() | {"seed": options.seed},
    )
    return make_bundle(network, candidate.system, dataset, description, folder)
