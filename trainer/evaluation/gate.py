"""Whether a new model goes live: it is judged beside the live one and a linear baseline.

All three read the same held-out questions, which none of them learned from, and are scored against
all tags of their authors, so that models with different labels can be compared. A bootstrap over
questions says by how much the one is ahead of the other, and how surely.
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from trainer.scoring.metrics import Scores

LiveState = Literal["none", "refused", "unjudged", "judged"]

JUDGED_AT: Final = 5  # the sites' own limit of tags on a question
FEWEST_JUDGED: Final = 30  # questions; fewer tell nothing
DRAWS: Final = 2000
LEVEL: Final = 0.95  # of the interval

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatedModel:
    """A system and what it says of the held-out questions.

    Attributes:
        name: candidate, live or baseline.
        description: what it is, as "branched, version 4".
        labels: the tags that it knows.
        scores: on the held-out questions, over its own labels.
    """

    name: str
    description: str
    labels: tuple[str, ...]
    scores: Scores


@dataclass(frozen=True, slots=True)
class PairedComparison:
    """By how much the candidate is ahead of another in nDCG@5; behind where it is negative.

    Attributes:
        candidate: its nDCG@5.
        other: that of the other.
        low: the lower end of the 95% bootstrap interval of the difference.
        high: the upper end.
        confidence: the share of draws in which the candidate is ahead.
        questions: that both were judged on.
    """

    candidate: float
    other: float
    low: float
    high: float
    confidence: float
    questions: int

    def __str__(self) -> str:
        return (
            f"nDCG@5 {self.candidate:.4f} against {self.other:.4f}, {self.low:+.4f} to "
            f"{self.high:+.4f}, ahead in {self.confidence:.1%} of draws over "
            f"{self.questions:,} questions"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of the candidate.

    Attributes:
        promote: whether it goes live.
        reason: one line that says why.
        against_live: None where the site has no live version, or it could not be judged.
        against_baseline: None where the baseline could not be fitted.
    """

    promote: bool
    reason: str
    against_live: PairedComparison | None
    against_baseline: PairedComparison | None


def ranking_quality(scores: Scores, tags: npt.NDArray[np.int64]) -> Floats:
    """Return each question's nDCG@5 against all tags of its author, known to the system or not.

    Järvelin and Kekäläinen (2002), with a gain of 1 for a tag that the question has.

    Args:
        scores: over the system's labels.
        tags: how many tags each question has, at least one; shape (questions,).
    """
    hits = scores.hits[:, :JUDGED_AT]
    discounts = 1 / np.log2(np.arange(2, JUDGED_AT + 2))
    best = np.cumsum(discounts)[np.minimum(tags, JUDGED_AT) - 1]
    return np.asarray(hits @ discounts[: hits.shape[1]] / best)


def compare(candidate: Floats, other: Floats, *, seed: int = 0) -> PairedComparison:
    """Compare two systems' nDCG@5 on the same questions by a paired bootstrap (Efron, 1979).

    Args:
        candidate: of each question, shape (questions,).
        other: the same shape.
        seed: of the draws.
    """
    difference = candidate - other
    questions = len(difference)
    draws = np.random.default_rng(seed).multinomial(
        questions, np.full(questions, 1 / questions), size=DRAWS
    )
    means = draws @ difference / questions
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    ahead = (means > 0).mean() + (means == 0).mean() / 2
    return PairedComparison(
        float(candidate.mean()),
        float(other.mean()),
        float(low),
        float(high),
        float(ahead),
        questions,
    )


def decide(
    against_live: PairedComparison | None,
    against_baseline: PairedComparison | None,
    *,
    live: LiveState,
    confidence: float,
) -> Decision:
    """Decide whether the candidate goes live.

    It must be ahead of the live version, where there is one that runs, in at least `confidence` of
    the draws, and the baseline must not be so of it. How it stands to the baseline is always said.

    Args:
        against_live: how it compares with the live version; None where that was not judged.
        against_baseline: how it compares with the linear baseline; None where there is none.
        live: whether the site has a live version, whether its bundle verifies, and whether there
            were questions enough, unseen by it, to judge it by.
        confidence: from .5 to below 1.
    """
    beside = "no baseline could be fitted"
    if against_baseline is not None:
        beside = f"beside the linear baseline {against_baseline}"

    def decision(reason: str, *, promote: bool) -> Decision:
        return Decision(
            promote=promote,
            reason=f"{reason}; {beside}",
            against_live=against_live,
            against_baseline=against_baseline,
        )

    if against_baseline is not None and against_baseline.confidence <= 1 - confidence:
        return decision("below the linear baseline", promote=False)
    if live == "none":
        return decision("the site had no live version", promote=True)
    if live == "refused":
        return decision("the live version's bundle is refused", promote=True)
    if against_live is None:
        return decision(
            "too few questions are unseen by the live version to compare with it", promote=False
        )
    if against_live.confidence < confidence:
        return decision(f"not surely ahead of the live version: {against_live}", promote=False)
    return decision(f"ahead of the live version: {against_live}", promote=True)
