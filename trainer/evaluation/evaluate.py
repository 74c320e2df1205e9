"""A candidate before the gate, beside the live version and a baseline on the same questions."""

import logging
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy import Engine

from core.database.engine import reading
from core.errors import BundleRefused
from core.model.predictor import Model
from core.model.registry import Version
from core.questions.selection import Selection
from trainer.data.dataset import Dataset, Holdout
from trainer.data.stored import stored_questions
from trainer.evaluation.evaluated_models import (
    holdout_questions,
    judge_baseline,
    judge_candidate,
    judge_live,
    load_live,
    tag_counts,
)
from trainer.evaluation.examples import choose_examples, make_example
from trainer.evaluation.gate import (
    FEWEST_JUDGED,
    Decision,
    EvaluatedModel,
    LiveState,
    PairedComparison,
    compare,
    decide,
    ranking_quality,
)
from trainer.progress import ProgressReporter
from trainer.report.run_report import Example
from trainer.systems.base import Tagger

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What is judged, and by which questions.

    Attributes:
        tagger: the candidate.
        description: what it is.
        dataset: that it has learned.
        thresholds: of its labels.
        holdout: the questions that it has not seen.
        selection: what they were read by.
    """

    tagger: Tagger
    description: str
    dataset: Dataset
    thresholds: npt.NDArray[np.float64]
    holdout: Holdout
    selection: Selection


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came out.

    Attributes:
        evaluated_models: the candidate first, then the live version and the baseline, if any.
        tags: how many tags each of the questions has that all were judged on.
        decision: whether the candidate goes live.
        best: examples of what the candidate is good at.
        worst: examples of what it is not.
    """

    evaluated_models: tuple[EvaluatedModel, ...]
    tags: npt.NDArray[np.int64]
    decision: Decision
    best: tuple[Example, ...]
    worst: tuple[Example, ...]


def judge(
    engine: Engine,
    judged: Judged,
    live: Version | None,
    *,
    confidence: float,
    seed: int,
    reporter: ProgressReporter,
) -> Judgement:
    """Judge a candidate beside the site's live version and a linear baseline.

    Args:
        engine: of the database, which has the live version and the questions' texts.
        judged: the candidate.
        live: the site's live version, if it has one.
        confidence: how sure it must be that the candidate is ahead.
        seed: of the baseline.
        reporter: is told what goes wrong.
    """
    rival = _find_rival(engine, live, judged.holdout, reporter)
    unseen = rival.holdout
    candidate = judge_candidate(
        judged.tagger, judged.dataset, unseen, judged.thresholds, judged.description
    )
    of_live = None
    if live is not None and rival.model is not None:
        description = f"{live.architecture}, version {live.version}"
        of_live = judge_live(engine, rival.model, description, judged.selection, unseen)
    of_baseline = _judge_baseline(judged.dataset, unseen, seed, reporter)
    tags = tag_counts(unseen)
    quality = ranking_quality(candidate.scores, tags)

    def lead(other: EvaluatedModel | None) -> PairedComparison | None:
        return None if other is None else compare(quality, ranking_quality(other.scores, tags))

    decision = decide(lead(of_live), lead(of_baseline), live=rival.state, confidence=confidence)
    best, worst = _examples(engine, judged.selection, unseen, candidate, quality)
    rivals = tuple(other for other in (of_live, of_baseline) if other is not None)
    return Judgement((candidate, *rivals), tags, decision, best, worst)


@dataclass(frozen=True, slots=True)
class _Rival:
    """The live version as far as it can be judged.

    Attributes:
        state: whether it can.
        model: it, where it can.
        holdout: the held-out questions that it has not learned from; all where it is not judged.
    """

    state: LiveState
    model: Model | None
    holdout: Holdout


def _find_rival(
    engine: Engine, live: Version | None, holdout: Holdout, reporter: ProgressReporter
) -> _Rival:
    if live is None:
        return _Rival("none", None, holdout)
    try:
        model = load_live(engine, live)
    except BundleRefused as error:
        reporter.note(f"The live version is refused: {error}")
        return _Rival("refused", None, holdout)
    unseen = holdout.newer_than(live.learned_through)
    if len(unseen.rows) < FEWEST_JUDGED:
        return _Rival("unjudged", None, holdout)
    return _Rival("judged", model, unseen)


def _judge_baseline(
    dataset: Dataset, holdout: Holdout, seed: int, reporter: ProgressReporter
) -> EvaluatedModel | None:
    try:
        return judge_baseline(dataset, holdout, seed=seed, reporter=reporter)
    except Exception as error:  # a site too small or too odd for it is no reason to fail
        log.debug("the baseline failed", exc_info=error)
        reporter.note(f"The linear baseline could not be fitted: {error}")
        return None


def _examples(
    engine: Engine,
    selection: Selection,
    holdout: Holdout,
    candidate: EvaluatedModel,
    quality: npt.NDArray[np.float64],
) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    """The best and the worst, with their titles, which are read from the database again."""
    rows = choose_examples(candidate.scores, quality)
    first = int(holdout.corpus.question_ids[holdout.rows[0]])
    with reading(engine) as connection:
        stored = stored_questions(connection, selection, since=first)
        texts = {
            place: question
            for place, question in holdout_questions(stored, holdout)
            if place in rows[0] or place in rows[1]
        }
    best, worst = (
        tuple(
            make_example(texts[row], candidate, row, float(quality[row]))
            for row in part.tolist()
            if row in texts
        )
        for part in rows
    )
    return best, worst
