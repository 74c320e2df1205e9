"""Whether a new model goes live: it is compared with the live one and with a linear baseline.

All three read the same held-out questions, which none of them learned from, and are scored against
all tags of their authors, so that models with different labels can be compared: by how much the one
is ahead of the other, and how surely. The baseline knows the most frequent labels alone, and beside
it the candidate is scored by its probabilities of those. None goes live that is not surely better
than no model at all, which is always suggesting the most frequent tags; nor one that no baseline
could be fitted to compare with. One that is level with the live version goes live where it knows
new tags in use.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from core.wording import counted
from trainer.scoring.intervals import difference
from trainer.scoring.metrics import Floats, Scores, bootstrap_counts, ndcg

LiveState = Literal["none", "refused", "no encoder", "too few questions", "evaluated"]

RANKED_TAGS: Final = 5  # that count: the sites' own limit of tags on a question
FEWEST_QUESTIONS: Final = 30  # fewer tell nothing
RESAMPLES: Final = 2000
EVEN: Final = 0.5  # of resamples: as likely ahead as behind
NAMED_TAGS: Final = 5  # of the new ones, in the reason

# Where there is none with the live version: whether the candidate may take its place, and why.
_WITHOUT_COMPARISON: Final[dict[LiveState, tuple[bool, str]]] = {
    "none": (True, "the site had no live version"),
    "refused": (True, "the live version's bundle is refused"),
    # Workers may have it, so that the version does tag.
    "no encoder": (False, "the live version reads a sentence encoder that is not here"),
    "too few questions": (
        False,
        "too few questions are unseen by the live version to compare with it",
    ),
}


@dataclass(frozen=True, slots=True)
class PairedComparison:
    """By how much the candidate is ahead of another in nDCG@5; behind where it is negative.

    Attributes:
        candidate: its nDCG@5.
        other: that of the other.
        low: the lower end of the 95% interval of the difference.
        high: the upper end.
        confidence: the share of bootstrap resamples in which the candidate is ahead.
        questions: that both were evaluated on.
    """

    candidate: float
    other: float
    low: float
    high: float
    confidence: float
    questions: int

    @property
    def is_sure(self) -> bool:
        """Whether the candidate is ahead in the whole interval."""
        return self.low > 0

    @property
    def difference(self) -> float:
        """By how much the candidate is ahead."""
        return self.candidate - self.other

    def __str__(self) -> str:
        return (
            f"nDCG@5 (all tags) {self.candidate:.4f} against {self.other:.4f}, 95% interval of the "
            f"difference {self.low:+.4f} to {self.high:+.4f}, ahead in {self.confidence:.1%} of "
            f"bootstrap resamples of {self.questions:,} questions"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GateDecision:
    """What becomes of the candidate.

    Attributes:
        promote: whether it goes live.
        reason: one line that says why.
        against_live: None where the site has no live version, or it could not be evaluated.
        against_baseline: None where the baseline could not be fitted.
        against_frequent: against always suggesting the most frequent tags.
    """

    promote: bool
    reason: str
    against_live: PairedComparison | None
    against_baseline: PairedComparison | None
    against_frequent: PairedComparison | None = None


def ranking_quality(scores: Scores, tags: npt.NDArray[np.int64]) -> Floats:
    """Return each question's nDCG@5 against all tags of its author, known to the system or not.

    Args:
        scores: over the system's labels.
        tags: how many tags each question has, at least one; shape (questions,).
    """
    return ndcg(scores, tags, k=RANKED_TAGS)


def compare_paired(
    candidate: Floats, other: Floats, *, seed: int = 0, resamples: int = RESAMPLES
) -> PairedComparison:
    """Compare two systems' nDCG@5 on the same questions.

    How surely the one is ahead a paired bootstrap says (Efron, 1979). Of few questions its interval
    would be too narrow: that is the mean difference's (`trainer/scoring/intervals.py`).

        comparison = compare_paired(
            ranking_quality(ours.scores, tags), ranking_quality(theirs.scores, tags)
        )

    Args:
        candidate: of each question, shape (questions,).
        other: the same shape.
        seed: of the resamples.
        resamples: how many.
    """
    questions = len(candidate)
    means = bootstrap_counts(questions, resamples, seed=seed) @ (candidate - other) / questions
    ahead = (means > 0).mean() + (means == 0).mean() / 2
    before, after = (
        np.stack([values, np.ones(questions)], axis=1) for values in (other, candidate)
    )
    lead = difference(_mean, before, after, is_share=False)
    return PairedComparison(
        float(candidate.mean()), float(other.mean()), lead.low, lead.high, float(ahead), questions
    )


def _mean(sums: Floats) -> Floats:
    """Of sums of values and of ones: shape (…, 2)."""
    quotient: Floats = sums[..., 0] / sums[..., 1]
    return quotient


def decide_promotion(
    against_live: PairedComparison | None,
    against_baseline: PairedComparison | None,
    against_frequent: PairedComparison,
    *,
    live: LiveState,
    confidence: float,
    new_tags: Sequence[str] = (),
    needs_baseline: bool = True,
) -> GateDecision:
    """Decide whether the candidate goes live.

    It must surely be ahead of the most frequent tags. It must be ahead of the live version, where
    there is one that runs, in at least `confidence` of the resamples, or no less likely ahead than
    behind and know new tags; and the baseline must not be so of it. How it stands to both is always
    said: a person may promote one that is kept back.

    Args:
        against_live: how it compares with the live version; None where that was not evaluated.
        against_baseline: how it compares with the linear baseline; None where there is none.
        against_frequent: how it compares with always suggesting the most frequent tags.
        live: whether the site has a live version, whether its bundle verifies, its sentence encoder
            is here, and there were questions enough, unseen by it, to evaluate it on.
        confidence: from .5 to below 1.
        new_tags: in use, which the candidate knows and the live version does not.
        needs_baseline: whether one without a baseline is kept back; where its network has passed
            here before, it is not.
    """
    if not against_frequent.is_sure:
        promote = False
        reason = (
            f"not surely better than always suggesting the most frequent tags: {against_frequent}"
        )
    elif against_baseline is None and needs_baseline:
        promote, reason = False, "no linear baseline could be fitted to compare it with"
    elif against_baseline is not None and against_baseline.confidence <= 1 - confidence:
        promote, reason = False, "below the linear baseline"
    else:
        promote, reason = _pass_live(against_live, live, confidence, new_tags)
    if against_live is not None and str(against_live) not in reason:
        reason += f"; beside the live version {against_live}"
    if against_baseline is not None:
        reason += f"; beside the linear baseline {against_baseline}"
    return GateDecision(
        promote=promote,
        reason=reason,
        against_live=against_live,
        against_baseline=against_baseline,
        against_frequent=against_frequent,
    )


def _pass_live(
    against_live: PairedComparison | None,
    live: LiveState,
    confidence: float,
    new_tags: Sequence[str],
) -> tuple[bool, str]:
    """Whether the candidate may take the live version's place, and why."""
    if against_live is None:
        return _WITHOUT_COMPARISON[live]
    if against_live.confidence >= confidence:
        return True, f"ahead of the live version: {against_live}"
    if new_tags and against_live.confidence >= EVEN:
        named = ", ".join(new_tags[:NAMED_TAGS]) + (", …" if len(new_tags) > NAMED_TAGS else "")
        known = f"knows {counted(len(new_tags), 'tag')} in use that it does not ({named})"
        return True, f"level with the live version, and {known}: {against_live}"
    return False, f"not surely ahead of the live version: {against_live}"


def overrule(
    decision: GateDecision, chosen: bool | None, *, live_is_the_same: bool
) -> GateDecision:
    """Let a person's option, or a change of the live version meanwhile, overrule the gate."""
    if chosen is not None:
        option = "--promote" if chosen else "--no-promote"
        return replace(decision, promote=chosen, reason=f"{option}; {decision.reason}")
    if decision.promote and not live_is_the_same:
        changed = f"the live version was changed meanwhile; {decision.reason}"
        return replace(decision, promote=False, reason=changed)
    return decision
