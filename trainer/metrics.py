"""How good probabilities are: one table of metrics, each a function of the same scores."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Final

import numpy as np
import numpy.typing as npt

_SMALLEST = 1e-7  # Keras' epsilon, which bounds the loss of a certain mistake


@dataclass(frozen=True)
class Scores:
    """What is judged; all arrays have the shape (questions, labels).

    Attributes:
        targets: 1 where the question has the label.
        probabilities: the system's.
        thresholds: shape (labels,); a tag is predicted from its threshold on.
    """

    targets: npt.NDArray[np.uint8]
    probabilities: npt.NDArray[np.float64]
    thresholds: npt.NDArray[np.float64]

    @cached_property
    def hits(self) -> npt.NDArray[np.uint8]:
        """The targets of each question in the order of its probabilities, the largest first."""
        order = np.argsort(-self.probabilities, axis=1, kind="stable")
        return np.take_along_axis(self.targets, order, axis=1)

    @cached_property
    def predicted(self) -> npt.NDArray[np.bool_]:
        """Which tags reach their thresholds."""
        return self.probabilities >= self.thresholds


def categorical_accuracy(scores: Scores) -> float:
    """Keras' metric of that name, as the article reports it: whether two argmaxes are equal.

    That of the targets is the alphabetically first of a question's tags, so the others never
    count. It is here to be compared with the article; judge by the rest.
    """
    first = scores.targets.argmax(axis=1)
    return float((scores.probabilities.argmax(axis=1) == first).mean())


def log_loss(scores: Scores) -> float:
    """Binary cross-entropy, the mean over questions and labels; the article's `loss`."""
    p = np.clip(scores.probabilities, _SMALLEST, 1 - _SMALLEST)
    return float(-np.where(scores.targets == 1, np.log(p), np.log1p(-p)).mean())


def precision_at(k: int, scores: Scores) -> float:
    """The share of a question's k most probable tags that it has, the mean over questions."""
    return float(scores.hits[:, :k].sum() / (k * len(scores.hits)))


def recall_at(k: int, scores: Scores) -> float:
    """The share of a question's tags among its k most probable, the mean over questions."""
    own = scores.targets.sum(axis=1)
    found = scores.hits[:, :k].sum(axis=1)
    return float((found[own > 0] / own[own > 0]).mean())


def micro_f1(scores: Scores) -> float:
    """F1 of all decisions together, at the thresholds."""
    found = (scores.predicted & (scores.targets == 1)).sum()
    return float(2 * found / max(scores.predicted.sum() + scores.targets.sum(), 1))


def macro_f1(scores: Scores) -> float:
    """The mean of the labels' own F1, at the thresholds; 0 for a label never found."""
    found = (scores.predicted & (scores.targets == 1)).sum(axis=0)
    both = scores.predicted.sum(axis=0) + scores.targets.sum(axis=0)
    return float((2 * found / np.maximum(both, 1)).mean())


METRICS: Final[Mapping[str, Callable[[Scores], float]]] = {
    "categorical_accuracy": categorical_accuracy,
    "precision_at_1": partial(precision_at, 1),
    "precision_at_3": partial(precision_at, 3),
    "precision_at_5": partial(precision_at, 5),
    "recall_at_5": partial(recall_at, 5),
    "micro_f1": micro_f1,
    "macro_f1": macro_f1,
    "log_loss": log_loss,
}


def evaluate(scores: Scores) -> dict[str, float]:
    """Return every metric by its name."""
    return {name: metric(scores) for name, metric in METRICS.items()}
