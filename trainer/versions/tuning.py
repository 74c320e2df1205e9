"""A new version of an old network: other thresholds, for a precision or a number of suggestions.

Nothing is trained. Of the questions that the version has not learned from, those of even numbers
choose the thresholds and the others judge them, so what is told of the new version was not chosen
by the same questions.
"""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
from sqlalchemy import Engine, update

from core.clock import Clock
from core.database.engine import reading
from core.database.tables import ModelVersion
from core.errors import EncoderMissing, ModelError, NotEnoughQuestions, TrainingError
from core.model import registry
from core.model.bundle import pack
from core.model.fetching import load_bundle
from core.model.manifest import written_format
from core.model.post_processing.calibration import logit, sigmoid
from core.model.predictor import MAX_SUGGESTIONS
from core.model.registry import Version
from core.model.sentences.encoders import Encoders
from core.questions.requests import retag
from core.questions.selection import Selection
from core.settings import Retag
from core.wording import counted
from trainer.evaluation.evaluated_models import version_metrics
from trainer.evaluation.gate import (
    FEWEST_QUESTIONS,
    GateDecision,
    LiveState,
    compare_paired,
    decide_promotion,
    overrule,
    ranking_quality,
)
from trainer.scoring.metrics import Floats, Scores
from trainer.scoring.thresholds import NEVER, choose_thresholds
from trainer.versions.comparison import VersionsCompared, compare_versions
from trainer.versions.judged import TUNED, Judged, JudgedVersion, is_of_tuning, judge

log = logging.getLogger(__name__)

ROUNDS: Final = 60  # of halving: as exact as numbers are
FARTHEST: Final = 40.0  # logits by which thresholds are moved; beyond it nothing changes
GoalKind = Literal["precision", "suggestions"]


@dataclass(frozen=True, slots=True)
class Goal:
    """What thresholds are chosen for.

    Attributes:
        kind: the precision of each tag's suggestions, or how many suggestions a question has.
        value: how much.
    """

    kind: GoalKind
    value: float


@dataclass(frozen=True, slots=True)
class TuningOptions:
    """What can be chosen beside the goal.

    Attributes:
        promote: whether the version goes live; None leaves it to the gate.
        confidence: how sure the gate must be that it is ahead of the live version.
        retag: which tagged questions it tags again if it goes live.
        retag_recent: how far back `recent` reaches.
        keep_versions: how many of the newest are kept beside the live one.
        teacher: the sentence encoder that is here, for versions that read one; None for none.
    """

    promote: bool | None
    confidence: float
    retag: Retag
    retag_recent: timedelta
    keep_versions: int
    teacher: str | None = None


@dataclass(frozen=True, slots=True)
class Tuned:
    """What came of it.

    Attributes:
        version: the new one.
        source: the one whose network it has.
        compared: both, on the questions that judged.
        decision: of the gate, or of whoever overruled it.
    """

    version: Version
    source: Version
    compared: VersionsCompared
    decision: GateDecision


def tune_version(
    engine: Engine,
    selection: Selection,
    source: Version,
    goal: Goal,
    options: TuningOptions,
    *,
    clock: Clock,
) -> Tuned:
    """Choose a version's thresholds anew and publish the result as a version of its own.

        tune_version(engine, selection, version, Goal("precision", 0.8), options, clock=clock)

    Raises:
        NotEnoughQuestions: there are too few that the version has not learned from.
        TrainingError: no thresholds reach the goal.
        ModelError: the version's bundle was pruned, or does not verify.
    """
    with reading(engine) as connection:
        live = registry.find_live(connection, selection.site)
    judged = _judge_beside(engine, selection, source, live, Encoders(options.teacher))
    even = np.array([is_of_tuning(question.question_id) for question in judged.questions])
    _check_parts(selection.site, even)
    thresholds = choose(judged.only(even), goal)
    judging = judged.only(~even)
    decision = _decide(judged, even, source, live, options)
    metrics = _metrics(judging, thresholds, source)
    told = _hyperparameters(goal, source, int(even.sum()))
    version = _publish(engine, source, thresholds, metrics, told, clock.now())
    version, decision = _finish(engine, version, live, decision, options, clock.now())
    return Tuned(version, source, _compare(judging, thresholds, version), decision)


def _judge_beside(
    engine: Engine,
    selection: Selection,
    source: Version,
    live: Version | None,
    encoders: Encoders,
) -> Judged:
    """Judge the version beside the live one; by itself where that is none, itself, or refused."""
    judging = partial(judge, engine, selection, encoders=encoders, choosing=True)
    if live is not None and live.id != source.id:
        try:
            return judging([source, live])
        except EncoderMissing:  # workers may have it
            raise
        except ModelError as error:
            alone = judging([source])  # unless it is this one's
            log.warning("version %d, which is live, is left out: %s", live.version, error)
            return alone
    return judging([source])


def choose(judged: Judged, goal: Goal) -> Floats:
    """Return the thresholds of the first version that reach a goal: shape (labels,).

    Raises:
        TrainingError: none do.
    """
    first = judged.versions[0]
    if goal.kind == "precision":
        found = choose_thresholds(judged.targets(0), first.probabilities, min_precision=goal.value)
        if (found == NEVER).all():
            raise TrainingError(
                f"No tag of version {first.version.version} is ever as precise as {goal.value:g} "
                "on the questions since. Name a lower precision."
            )
        return found
    scores = judged.evaluated(0).scores  # where a tag that it knows by two names counts once
    shift = find_shift(scores.probabilities, scores.thresholds, goal.value)
    return move_thresholds(np.array(first.manifest.thresholds), shift)


def move_thresholds(thresholds: Floats, shift: float) -> Floats:
    """Move thresholds by so many logits; a tag that is never suggested stays so."""
    may = thresholds < NEVER
    moved = np.full(len(thresholds), NEVER)
    moved[may] = sigmoid(logit(thresholds[may]) + shift)
    return moved


def find_shift(probabilities: Floats, thresholds: Floats, suggestions: float) -> float:
    """Return by how many logits to move all thresholds for so many tags to be suggested.

    Args:
        probabilities: shape (questions, labels).
        thresholds: shape (labels,).
        suggestions: of a question, the mean; five are shown at most.

    Raises:
        TrainingError: there are not as many tags that may be suggested.
    """
    may = thresholds < NEVER
    if suggestions > min(int(may.sum()), MAX_SUGGESTIONS):
        raise TrainingError(
            f"{suggestions:g} suggestions a question cannot be: the version suggests "
            f"{counted(int(may.sum()), 'tag')}, and {MAX_SUGGESTIONS} of them at most."
        )
    margins = logit(probabilities[:, may]) - logit(thresholds[may])
    low, high = -FARTHEST, FARTHEST
    for _ in range(ROUNDS):
        middle = (low + high) / 2
        shown = (margins >= middle).sum(axis=1).clip(max=MAX_SUGGESTIONS).mean()
        low, high = (middle, high) if shown >= suggestions else (low, middle)
    return low


def _check_parts(site: str, even: npt.NDArray[np.bool_]) -> None:
    fewest = int(min(even.sum(), (~even).sum()))
    if fewest < FEWEST_QUESTIONS:
        raise NotEnoughQuestions(
            f"Of the questions of {site} that the version has not learned from, half choose its "
            f"thresholds and half judge them; here one of the halves has {fewest}, and "
            f"{FEWEST_QUESTIONS} are needed. Wait for more questions to settle "
            "(TAGGER_SETTLE_DAYS), or import them."
        )


def _decide(
    judged: Judged,
    even: npt.NDArray[np.bool_],
    source: Version,
    live: Version | None,
    options: TuningOptions,
) -> GateDecision:
    """What the gate says of it: thresholds leave the ranking as it is, which the gate goes by."""
    judging, tags = judged.only(~even), judged.only(~even).tag_counts
    own = ranking_quality(judging.evaluated(0).scores, tags)
    against_frequent = compare_paired(own, ranking_quality(_frequent(judged, even), tags))
    if live is not None and live.id == source.id:
        reason = "it ranks tags as the live version does, whose network it has"
        return GateDecision(
            promote=False,
            reason=reason,
            against_live=None,
            against_baseline=None,
            against_frequent=against_frequent,
        )
    against_live = None
    state: LiveState = "none" if live is None else "refused"
    if len(judging.versions) > 1:
        state = "evaluated"
        against_live = compare_paired(own, ranking_quality(judging.evaluated(1).scores, tags))
    return decide_promotion(
        against_live,
        None,
        against_frequent,
        live=state,
        confidence=options.confidence,
        needs_baseline=False,
    )


def _frequent(judged: Judged, even: npt.NDArray[np.bool_]) -> Scores:
    """Always suggesting the most frequent tags of the questions that choose."""
    shares = judged.only(even).evaluated(0).scores.targets.mean(axis=0)
    scores = judged.only(~even).evaluated(0).scores
    return replace(scores, probabilities=np.tile(shares, (len(scores.targets), 1)))


def _hyperparameters(goal: Goal, source: Version, questions: int) -> dict[str, Any]:
    return {TUNED: source.version, f"tuned_{goal.kind}": goal.value, "tuned_questions": questions}


def _metrics(judging: Judged, thresholds: Floats, source: Version) -> dict[str, float | int | str]:
    """Its figures, and of the source's those that are of its training."""
    of_training = ("train_questions", "validation_questions", "epochs")
    kept = {name: source.metrics[name] for name in of_training if name in source.metrics}
    return version_metrics(judging.evaluated(0, thresholds), judging.tag_counts) | kept


def _publish(
    engine: Engine,
    source: Version,
    thresholds: Floats,
    metrics: dict[str, float | int | str],
    told: dict[str, Any],
    now: datetime,
) -> Version:
    """Add the old network with its new thresholds as a version."""
    with TemporaryDirectory(prefix="tuned-") as folder:
        with reading(engine) as connection:
            bundle = load_bundle(connection, source, Path(folder))
        old = bundle.manifest
        changes = {
            "format_version": written_format(old.inputs, old.rivals),  # as it is written now
            "created_at": now,
            "thresholds": tuple(thresholds.tolist()),
            "metrics": metrics,
            "hyperparameters": old.hyperparameters | told,
        }
        manifest = old.model_copy(update=changes)
        packed = pack(replace(bundle, manifest=manifest), Path(folder) / "tuned.zip")
        with engine.begin() as connection:
            version, _ = registry.publish(connection, packed, now=now)
            row = update(ModelVersion).where(ModelVersion.id == version.id)
            connection.execute(row.values(learned_row=source.learned_row))
            return registry.get_version(connection, source.site, version.version)


def _finish(
    engine: Engine,
    version: Version,
    live: Version | None,
    decision: GateDecision,
    options: TuningOptions,
    now: datetime,
) -> tuple[Version, GateDecision]:
    """Make it live where it may be, and let old bundles go, as a training does."""
    site = version.site
    with engine.begin() as connection:
        registry.lock(connection, site)
        same = registry.find_live(connection, site) == live
        decision = overrule(decision, options.promote, live_is_the_same=same)
        if decision.promote:
            reason: registry.Reason = "hand" if options.promote else "gate"
            version = registry.promote(connection, site, version.version, now=now, reason=reason)
            retag(connection, site, options.retag, now=now, recent=options.retag_recent)
        registry.prune(connection, site, keep=options.keep_versions, now=now)
    return version, decision


def _compare(judging: Judged, thresholds: Floats, version: Version) -> VersionsCompared:
    """The old and the new thresholds on the questions that judge."""
    old = judging.versions[0]
    manifest = old.manifest.model_copy(update={"thresholds": tuple(thresholds.tolist())})
    new = JudgedVersion(version, manifest, old.probabilities)
    return compare_versions(replace(judging, versions=(old, new)))
