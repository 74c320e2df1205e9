"""From which probability on a tag is suggested: chosen tag by tag on the validation part.

Counts of a tag alone, from a handful of questions, give thresholds so low that it would be
suggested everywhere. So each tag's counts are joined by those of all tags together, weighted as if
they were PRIOR_USES further questions with the tag: the rarer a tag, the nearer it comes to
what serves all.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from core.calibration import logit, sigmoid

PRIOR_USES: Final = 150
NEVER: Final = 2.0  # no probability reaches it
LOWEST, HIGHEST = 0.05, 0.99  # of thresholds: no tag is suggested everywhere
STEPS: Final = 150

Probabilities = npt.NDArray[np.float64]
Targets = npt.NDArray[np.uint8]


def choose_thresholds(
    targets: Targets, probabilities: Probabilities, *, min_precision: float | None = None
) -> Probabilities:
    """Return for each label the probability from which on it is suggested: shape (labels,).

    Args:
        targets: shape (questions, labels), 1 where the question has the label.
        probabilities: the same shape.
        min_precision: what the precision of each tag's suggestions is to be: its threshold is the
            lowest that keeps it, and NEVER where none does. With None, thresholds are those of the
            highest micro-F1.
    """
    counts = _count(targets, probabilities)
    if min_precision is None:
        return _of_best_f1(counts)
    return _of_precision(counts, min_precision)


@dataclass(frozen=True, slots=True)
class _Counts:
    """What suggestions from each threshold on would be.

    Attributes:
        thresholds: ascending, shape (thresholds,).
        right: right suggestions of each label, shape (thresholds, labels).
        chosen: all its suggestions, the same shape.
        uses: questions with the label, shape (labels,).
    """

    thresholds: Probabilities
    right: Probabilities
    chosen: Probabilities
    uses: Probabilities


def _count(targets: Targets, probabilities: Probabilities) -> _Counts:
    low, high = logit(np.array([LOWEST, HIGHEST]))
    thresholds = sigmoid(np.linspace(low, high, STEPS))
    columns = list(zip(probabilities.T, targets.T, strict=True))
    right = [_reaching(column[own == 1], thresholds) for column, own in columns]
    chosen = [_reaching(column, thresholds) for column, _ in columns]
    uses = targets.sum(axis=0, dtype=np.float64)
    return _Counts(thresholds, np.stack(right, axis=1), np.stack(chosen, axis=1), uses)


def _reaching(probabilities: Probabilities, thresholds: Probabilities) -> Probabilities:
    """How many probabilities reach each threshold."""
    below = np.searchsorted(np.sort(probabilities), thresholds)
    return np.asarray(len(probabilities) - below, np.float64)


def _of_best_f1(counts: _Counts) -> Probabilities:
    """Thresholds of the highest micro-F1.

    Where F is the highest micro-F1 that can be had, the thresholds that have it are those that
    make 2 · right - F · chosen largest, label by label (Dinkelbach, 1967). F is taken from the best
    threshold for all labels alike.
    """
    right, chosen = counts.right.sum(axis=1), counts.chosen.sum(axis=1)
    uses = max(counts.uses.sum(), 1)
    best = (2 * right / (chosen + uses)).max()
    weight = PRIOR_USES / uses
    joined_right = counts.right + weight * right[:, None]
    joined_chosen = counts.chosen + weight * chosen[:, None]
    gains = 2 * joined_right - best * joined_chosen
    return counts.thresholds[gains.argmax(axis=0)]


def _of_precision(counts: _Counts, least: float) -> Probabilities:
    """The lowest thresholds that keep a precision."""
    right, chosen = counts.right.sum(axis=1), counts.chosen.sum(axis=1)
    weight = PRIOR_USES / max(counts.uses.sum(), 1)
    joined_right = counts.right + weight * right[:, None]
    joined_chosen = counts.chosen + weight * chosen[:, None]
    reached = joined_right >= least * joined_chosen
    lowest = counts.thresholds[reached.argmax(axis=0)]
    return np.where(reached.any(axis=0), lowest, NEVER)
