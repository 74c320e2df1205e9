"""From which probability on a tag is suggested: chosen tag by tag on the validation part.

Counts of a tag alone, from a handful of questions, give thresholds so low that it would be
suggested everywhere. So each tag's counts are joined by those of all tags together, weighted as if
they were of PRIOR_USES further questions with the tag: the rarer a tag, the nearer it comes to
what serves all.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from core.model.post_processing.calibration import logit, sigmoid
from trainer.scoring.metrics import Floats

PRIOR_USES: Final = 100
RESAMPLES: Final = 25  # of the bootstrap that steadies thresholds of the best F1
LOWEST: Final = 0.05  # threshold: no tag is suggested everywhere
HIGHEST: Final = 0.99
STEPS: Final = 150  # from the one to the other, alike on the scale of logits
NEVER: Final = 2.0  # the threshold of a tag that is not suggested; no probability reaches it

Targets = npt.NDArray[np.uint8]


def choose_thresholds(
    targets: Targets, probabilities: Floats, *, min_precision: float | None = None
) -> Floats:
    """Return for each label the probability from which on it is suggested: shape (labels,).

    Args:
        targets: shape (questions, labels), 1 where the question has the label.
        probabilities: the same shape.
        min_precision: what the precision of each tag's suggestions is to be: its threshold is the
            lowest that keeps it, and NEVER where none does. With None, thresholds are those of the
            highest micro-F1.
    """
    low, high = logit(np.array([LOWEST, HIGHEST]))
    grid = np.linspace(low, high, STEPS)
    examples = _Examples(targets, np.searchsorted(sigmoid(grid), probabilities, side="right"))
    if min_precision is not None:
        return _keeping_precision(examples.count(), sigmoid(grid), min_precision)
    return sigmoid(np.interp(_steps_of_best_f1(examples), np.arange(STEPS), grid))


@dataclass(frozen=True, slots=True)
class _Counts:
    """What suggestions would be, were each threshold that of all labels.

    Attributes:
        right: right suggestions of each label, shape (thresholds, labels).
        chosen: all its suggestions, the same shape.
        uses: questions with a label, summed over labels.
    """

    right: Floats
    chosen: Floats
    uses: float

    def joined(self) -> tuple[Floats, Floats]:
        """Return right and chosen, each label's joined by those of all."""
        weight = PRIOR_USES / max(self.uses, 1)
        return (
            self.right + weight * self.right.sum(axis=1, keepdims=True),
            self.chosen + weight * self.chosen.sum(axis=1, keepdims=True),
        )


@dataclass(frozen=True, slots=True)
class _Examples:
    """Validation questions, and how many thresholds their probabilities reach.

    Attributes:
        targets: shape (questions, labels).
        reached: the same shape, from 0 to STEPS.
    """

    targets: Targets
    reached: npt.NDArray[np.int64]

    def count(self) -> _Counts:
        """Count suggestions."""
        labels = self.targets.shape[1]
        cells = self.reached * labels + np.arange(labels)

        def at_least(of: npt.NDArray[np.int64]) -> Floats:
            counts = np.bincount(of.ravel(), minlength=(STEPS + 1) * labels)
            falling = counts.reshape(STEPS + 1, labels)[::-1].cumsum(axis=0)[::-1]
            return np.asarray(falling[1:], np.float64)

        right = at_least(cells[self.targets == 1])
        return _Counts(right, at_least(cells), float(self.targets.sum(dtype=np.int64)))

    def resample(self, random: np.random.Generator) -> "_Examples":
        """As many questions, drawn with replacement."""
        rows = random.integers(0, len(self.targets), len(self.targets))
        return _Examples(self.targets[rows], self.reached[rows])


def _steps_of_best_f1(examples: _Examples) -> Floats:
    """For each label the step of the highest micro-F1, the mean over bootstrap resamples.

    Counts are jagged and their highest points far apart; the mean over them (bagging, Breiman
    1996) lies nearer to what is best for other questions: micro-F1 of the branched network on
    halves of its validation part that thresholds were not chosen on, cooking .637 and .639.
    """
    random = np.random.default_rng(0)
    resampled = [examples.resample(random).count() for _ in range(RESAMPLES)]
    steps = [_best_steps(counts) for counts in resampled if counts.uses]
    return np.asarray(np.mean(steps or [_best_steps(examples.count())], axis=0))


def _best_steps(counts: _Counts) -> Floats:
    """For each label the step by which micro-F1 over all labels is highest; of equals, the middle.

    Where F is the highest micro-F1, the thresholds that have it are those at which
    2 · right - F · chosen is largest, label by label (Dinkelbach, 1967). F is taken from the best
    threshold for all labels alike.
    """
    right, chosen = counts.right.sum(axis=1), counts.chosen.sum(axis=1)
    best = (2 * right / np.maximum(chosen + counts.uses, 1)).max()
    joined_right, joined_chosen = counts.joined()
    gains = 2 * joined_right - best * joined_chosen
    return np.asarray(gains.argmax(axis=0) + STEPS - 1 - gains[::-1].argmax(axis=0)) / 2


def _keeping_precision(counts: _Counts, thresholds: Floats, least: float) -> Floats:
    """For each label the lowest threshold whose suggestions have a precision, or NEVER."""
    right, chosen = counts.joined()
    keeps = (right >= least * chosen) & (chosen > 0)
    return np.where(keeps.any(axis=0), thresholds[keeps.argmax(axis=0)], NEVER)
