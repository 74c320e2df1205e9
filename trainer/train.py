"""One training run of a site, from its questions to a version that is live or waits."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Engine

from core.bundle import Bundle
from core.clock import Clock
from core.database import reading
from core.registry import Reason, Version, find_live, promote, prune, publish
from core.retagging import retag
from trainer.account import Account
from trainer.contestants import metrics
from trainer.corpus import read_corpus
from trainer.decisions import decide
from trainer.gate import Decision
from trainer.judging import Judged, Judgement, judge
from trainer.keras_setup import import_keras
from trainer.metrics import Scores, reliability
from trainer.options import TrainingOptions
from trainer.progress import Watch
from trainer.publish import Description, make_bundle
from trainer.report.store import store_report
from trainer.runs import (
    JudgedRun,
    Outcome,
    describe,
    end_run,
    find_last_judged,
    note_data,
    start_run,
    training_lock,
)
from trainer.stored import Selection, Survey, settled_before, stored_questions, survey
from trainer.systems.base import Task
from trainer.systems.branched.checkpoints import forget_checkpoints
from trainer.systems.network import Network, NetworkSystem
from trainer.tasks import HeldOut, hold_out_newest


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run went.

    Attributes:
        outcome: promoted, published or skipped.
        reason: one line that says why.
        version: the new one; None where the run was skipped.
    """

    outcome: Outcome
    reason: str
    version: Version | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A fitted and calibrated network, and the questions that it has not seen."""

    network: Network
    system: NetworkSystem
    task: Task
    held_out: HeldOut
    thresholds: npt.NDArray[np.float64]


def train_site(
    engine: Engine, site: str, options: TrainingOptions, *, clock: Clock, watch: Watch
) -> Ended:
    """Train a model on a site's settled questions, judge it, and publish it.

    Raises:
        TrainingInProgress: another process trains for the site.
        TrainerNotInstalled: TensorFlow is not here.
        NotEnoughQuestions: the site has too few questions or tags.
        TrainingError: the network did not learn, or does not run in LiteRT as in Keras.
    """
    with training_lock(engine, site), _recorded(engine, site, options, clock) as account:
        settled = settled_before(account.started_at, options.settle)
        selection = Selection(site, settled, options.most_questions)
        data, last = _survey(engine, account, selection)
        reason = reason_to_skip(last, data, options.new_questions)
        if reason is not None:
            with engine.begin() as connection:
                end_run(connection, account.run, "skipped", now=clock.now(), decision=reason)
            return Ended("skipped", reason)
        candidate = _train(engine, selection, data, options, account, watch)
        watch.stage("judging it beside the live version and a linear baseline")
        with reading(engine) as connection:
            live = find_live(connection, site)
        judgement = _judge(engine, candidate, live, selection, options, account, watch)
        watch.stage("exporting it")
        bundle = make_candidate_bundle(candidate, judgement, options, clock)
        return _publish(engine, bundle, judgement.decision, live, options, account, clock)


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


def reason_to_skip(last: JudgedRun | None, data: Survey, needed: int | None) -> str | None:
    """One line, where the data is too like that of the last run to train again.

    Args:
        last: the newest run that made a version.
        data: what there is now; its `newer` are newer than the newest of that run.
        needed: how many new questions ask for a run; None skips none.
    """
    if last is None or needed is None:
        return None
    when = f"the run of {last.started_at:%Y-%m-%d %H:%M}"
    if last.fingerprint == data.fingerprint:
        return f"nothing has changed since {when}"
    new = max(data.newer, data.questions - last.questions)  # older ones may have been imported
    if new < needed:
        return (
            f"{new:,} questions are new since {when}, and {needed:,} are needed "
            "(TAGGER_RETRAIN_NEW_QUESTIONS)"
        )
    return None


def _train(
    engine: Engine,
    selection: Selection,
    data: Survey,
    options: TrainingOptions,
    account: Account,
    watch: Watch,
) -> Candidate:
    """Read the questions, set the newest apart, fit a network to the rest, calibrate it."""
    watch.stage("loading TensorFlow")
    import_keras()
    system = options.system()
    account.hyperparameters = system.hyperparameters()
    watch.stage("reading questions")
    with reading(engine) as connection:
        questions = stored_questions(connection, selection)
        corpus = read_corpus(selection.site, questions, system.text)
    task, held_out = hold_out_newest(corpus, options.task)
    account.describe_data(task, held_out, data)
    watch.stage(f"training {system.name} on {len(task.split.train):,} questions")
    if options.fresh and options.resume is not None:
        forget_checkpoints(options.resume)
    network = system.fit(task, seed=options.seed, watch=watch, resume=options.resume)
    account.epochs = network.epochs
    targets = task.targets[task.split.validation]
    unseen = network.unseen(task)
    decisions = decide(targets, unseen, min_precision=options.min_precision)
    uncalibrated = reliability(Scores(targets, unseen, decisions.thresholds))
    account.describe_calibration(decisions.choice, uncalibrated)
    calibrated = replace(network, calibration=decisions.calibration, held_out=None)
    return Candidate(calibrated, system, task, held_out, decisions.thresholds)


def _judge(
    engine: Engine,
    candidate: Candidate,
    live: Version | None,
    selection: Selection,
    options: TrainingOptions,
    account: Account,
    watch: Watch,
) -> Judgement:
    judged = Judged(
        tagger=candidate.network,
        description=candidate.system.name,
        task=candidate.task,
        thresholds=candidate.thresholds,
        held_out=candidate.held_out,
        selection=selection,
    )
    judgement = judge(
        engine, judged, live, confidence=options.confidence, seed=options.seed, watch=watch
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
    parts = candidate.task.split
    figures: dict[str, Any] = {
        **metrics(judgement.contestants[0], judgement.tags),
        "train_questions": len(parts.train),
        "validation_questions": len(parts.validation),
        "epochs": len(candidate.network.epochs),
    }
    description = Description(
        created_at=clock.now(),
        thresholds=candidate.thresholds,
        metrics=figures,
        hyperparameters=candidate.system.hyperparameters() | {"seed": options.seed},
    )
    return make_bundle(candidate.network, candidate.system, candidate.task, description)


def _publish(
    engine: Engine,
    bundle: Bundle,
    decision: Decision,
    live: Version | None,
    options: TrainingOptions,
    account: Account,
    clock: Clock,
) -> Ended:
    """Add the version, make it live where it may be, and end the run: all or nothing."""
    site, now = account.site, clock.now()
    with engine.begin() as connection:
        version = publish(connection, bundle, now=now)
        same = find_live(connection, site) == live
        decision = overrule(decision, options.promote, live_is_the_same=same)
        if decision.promote:
            reason: Reason = "hand" if options.promote else "gate"
            version = promote(connection, site, version.version, now=now, reason=reason)
            retag(connection, site, options.retag, now=now, recent=options.retag_recent)
        ended = Ended("promoted" if decision.promote else "published", decision.reason, version)
        end_run(
            connection,
            account.run,
            ended.outcome,
            now=now,
            decision=ended.reason,
            model_version_id=version.id,
        )
    account.version, account.decision = version.version, decision
    _keep_report(engine, account, ended.outcome, clock)
    with engine.begin() as connection:
        prune(connection, site, keep=options.keep_versions, now=now)
    return ended


def overrule(decision: Decision, by_hand: bool | None, *, live_is_the_same: bool) -> Decision:
    """Let a person's wish, or a change of the live version meanwhile, overrule the gate."""
    if by_hand is not None:
        wish = "--promote" if by_hand else "--no-promote"
        return replace(decision, promote=by_hand, reason=f"{wish}; {decision.reason}")
    if decision.promote and not live_is_the_same:
        changed = f"the live version was changed meanwhile; {decision.reason}"
        return replace(decision, promote=False, reason=changed)
    return decision
