"""A candidate before the gate, beside the live version and a baseline on the same questions."""

import logging
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy import Engine

from core.database.engine import reading
from core.errors import BundleRefused, EncoderMissing
from core.model.predictor import Model
from core.model.registry import Version
from core.model.sentences.encoders import NO_ENCODER, Encoders
from core.questions.time_order import Seen
from trainer.data.dataset import Dataset, Holdout
from trainer.evaluation.candidate import Candidate
from trainer.evaluation.evaluated_models import (
    EvaluatedModel,
    holdout_questions,
    load_live,
    most_frequent,
    run_baseline,
    run_candidate,
    run_live,
    tag_counts,
)
from trainer.evaluation.examples import Example, choose_examples, make_example
from trainer.evaluation.gate import (
    FEWEST_QUESTIONS,
    GateDecision,
    LiveState,
    PairedComparison,
    compare_paired,
    decide_promotion,
    ranking_quality,
)
from trainer.progress import ProgressReporter
from trainer.scoring.metrics import Scores

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How a candidate did, and what follows from it.

    Attributes:
        evaluated_models: the candidate first, then the live version and the baseline, if any.
        tags: how many tags each of the questions has that all were evaluated on.
        decision: whether the candidate goes live.
        best: examples of what the candidate is good at.
        worst: examples of what it is not.
    """

    evaluated_models: tuple[EvaluatedModel, ...]
    tags: npt.NDArray[np.int64]
    decision: GateDecision
    best: tuple[Example, ...]
    worst: tuple[Example, ...]


def evaluate_candidate(
    engine: Engine,
    candidate: Candidate,
    live: Version | None,
    *,
    confidence: float,
    seed: int,
    reporter: ProgressReporter,
    encoders: Encoders = NO_ENCODER,
) -> Evaluation:
    """Evaluate a candidate beside the live version, a linear baseline and the most frequent tags.

        evaluation = evaluate_candidate(
            engine, candidate, live, confidence=0.8, seed=0, reporter=ProgressReporter()
        )
        print(evaluation.decision.reason)

    All are scored on the held-out questions that the live version has not learned from. Beside a
    live version that is refused, or has learned from nearly all of them, nothing is compared with
    it, and the candidate is scored on all held-out questions.

    Args:
        engine: of the database, which has the live version and the questions' texts.
        candidate: what was trained.
        live: the site's live version, if it has one.
        confidence: how sure it must be that the candidate is ahead.
        seed: of the baseline.
        reporter: shows what goes wrong.
        encoders: the sentence encoder that is here, for a live version that reads one.
    """
    rival = _find_rival(engine, live, candidate.holdout, encoders, reporter)
    ours = run_candidate(candidate, rival.holdout)
    theirs = _run_rival(engine, rival, candidate)
    baseline = _run_baseline(candidate.dataset, rival.holdout, seed, reporter)
    tags = tag_counts(rival.holdout)
    quality = ranking_quality(ours.scores, tags)

    def compare_with(other: Scores) -> PairedComparison:
        return compare_paired(quality, ranking_quality(other, tags))

    def compare_with_baseline(baseline: EvaluatedModel) -> PairedComparison:
        """Over the labels that it knows: what more the candidate knows is no merit of its kind."""
        own = ranking_quality(ours.over(baseline.labels), tags)
        return compare_paired(own, ranking_quality(baseline.scores, tags))

    decision = decide_promotion(
        compare_with(theirs.scores) if theirs is not None else None,
        compare_with_baseline(baseline) if baseline is not None else None,
        compare_with(most_frequent(candidate.dataset, rival.holdout)),
        live=rival.state,
        confidence=confidence,
        new_tags=find_new_tags(ours, theirs) if theirs is not None else (),
    )
    best, worst = _find_examples(engine, candidate, rival.holdout, ours, quality)
    others = tuple(other for other in (theirs, baseline) if other is not None)
    return Evaluation((ours, *others), tags, decision, best, worst)


def find_new_tags(ours: EvaluatedModel, theirs: EvaluatedModel) -> tuple[str, ...]:
    """Return the tags that held-out questions have and only ours knows, the most used first."""
    uses = dict(zip(ours.labels, ours.scores.targets.sum(axis=0).tolist(), strict=True))
    new = [tag for tag in set(ours.labels) - set(theirs.labels) if uses[tag]]
    return tuple(sorted(new, key=lambda tag: (-uses[tag], tag)))


@dataclass(frozen=True, slots=True)
class _Rival:
    """The live version as far as it can be evaluated.

    Attributes:
        state: whether it can.
        model: it, where it can.
        holdout: the held-out questions that it has not learned from; all of them where it cannot,
            also those that it has learned from, since then only the candidate and the baseline are
            scored, which have seen none.
        description: of it.
    """

    state: LiveState
    model: Model | None
    holdout: Holdout
    description: str = ""


def _find_rival(
    engine: Engine,
    live: Version | None,
    holdout: Holdout,
    encoders: Encoders,
    reporter: ProgressReporter,
) -> _Rival:
    if live is None:
        return _Rival("none", None, holdout)
    try:
        model = load_live(engine, live, encoders)
    except BundleRefused as error:
        reporter.note(f"The live version is refused: {error}")
        state: LiveState = "no encoder" if isinstance(error, EncoderMissing) else "refused"
        return _Rival(state, None, holdout)
    unseen = holdout.unseen_by(Seen(live.learned_until, live.learned_row, live.learned_through))
    if len(unseen.rows) < FEWEST_QUESTIONS:
        return _Rival("too few questions", None, holdout)
    return _Rival("evaluated", model, unseen, f"{live.architecture}, version {live.version}")


def _run_rival(engine: Engine, rival: _Rival, candidate: Candidate) -> EvaluatedModel | None:
    if rival.model is None:
        return None
    return run_live(engine, rival.model, rival.description, candidate.selection, rival.holdout)


def _run_baseline(
    dataset: Dataset, holdout: Holdout, seed: int, reporter: ProgressReporter
) -> EvaluatedModel | None:
    try:
        return run_baseline(dataset, holdout, seed=seed, reporter=reporter)
    except Exception as error:  # a site too small or too odd for it is no reason to fail
        log.debug("the baseline failed", exc_info=error)
        reporter.note(f"The linear baseline could not be fitted: {error}")
        return None


def _find_examples(
    engine: Engine,
    candidate: Candidate,
    holdout: Holdout,
    ours: EvaluatedModel,
    quality: npt.NDArray[np.float64],
) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    """The best and the worst, with their titles, which are read from the database again."""
    rows = choose_examples(ours.scores, quality)
    with reading(engine) as connection:
        texts = {
            place: question
            for place, question in holdout_questions(connection, candidate.selection, holdout)
            if place in rows[0] or place in rows[1]
        }
    best, worst = (
        tuple(
            make_example(texts[row], ours, row, float(quality[row]))
            for row in part.tolist()
            if row in texts
        )
        for part in rows
    )
    return best, worst
