"""What labels take from each other: learned on the validation part, or nothing.

Three numbers for all labels (`core/model/post_processing/rivals.py`), by logistic regression on
each cell of question and label. They are used only where the halves of the validation part, each by
what the other teaches, are better together in log loss: the order of a question's labels stays as
it is in any case.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from core.model.post_processing.calibration import logit, sigmoid
from core.model.post_processing.rivals import LARGEST, Rivals, strongest_others
from trainer.scoring.logistic_regression import Floats, fit_cells
from trainer.scoring.metrics import METRICS, Scores
from trainer.scoring.names import FEWEST_QUESTIONS, MOST_CELLS

FEWEST_LABELS: Final = 2  # that can be each other's rivals

Targets = npt.NDArray[np.uint8]


def choose_rivals(targets: Targets, probabilities: Floats) -> Rivals | None:
    """Learn what labels take from each other; None where it makes nothing better.

    Args:
        targets: of validation questions, shape (questions, labels).
        probabilities: that are told of them before calibration, the same shape.
    """
    if len(targets) < FEWEST_QUESTIONS:
        return None
    newest = slice(-max(FEWEST_QUESTIONS, MOST_CELLS // targets.shape[1]), None)
    logits, tags = logit(probabilities[newest]), targets[newest]
    return fit_rivals(logits, tags) if _helps(logits, tags) else None


def fit_rivals(logits: npt.NDArray[Any], tags: Targets) -> Rivals | None:
    """Return the rivals by which the log loss is least; None where labels take nothing.

    Args:
        logits: of questions that they were not learned from, (questions, labels).
        tags: the same shape.
    """
    if logits.shape[1] < FEWEST_LABELS or not (0 < tags.sum() < tags.size and logits.std()):
        return None
    both = logits, -strongest_others(logits)
    (scale, weight), shift = fit_cells(both, tags, lambda spreads: np.array([spreads[0], 0.0]))
    if not weight:  # what is left is a scale and a shift, which calibration has
        return None
    if max(scale, weight, abs(shift)) > LARGEST:  # of logits that hardly differ
        return None
    return Rivals(scale=float(scale), weight=float(weight), shift=float(shift))


def _helps(logits: Floats, tags: Targets) -> bool:
    """Whether what one half teaches makes the other better, both ways together."""
    halves, gains = (slice(0, None, 2), slice(1, None, 2)), []
    for learned, judged in (halves, halves[::-1]):
        rivals = fit_rivals(logits[learned], tags[learned])
        if rivals is None:
            return False
        before, after = logits[judged], rivals.apply(logits[judged])
        gains.append(_log_loss(before, tags[judged]) - _log_loss(after, tags[judged]))
    return sum(gains) > 0


def _log_loss(logits: Floats, tags: Targets) -> float:
    return METRICS["log_loss"](Scores(tags, sigmoid(logits), np.full(tags.shape[1], 0.5)))
