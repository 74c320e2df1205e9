"""How good probabilities are: one table of metrics, each a function of the same scores.

A metric is made of *parts*, sums over questions of columns of numbers, and a *value* made of
those sums. So what a metric would be without one of the questions, for each of them, is one
subtraction (see intervals.py).
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

BINS: Final = 15  # of probability, all equally wide, for the calibration error
_SMALLEST = 1e-7  # Keras' epsilon, which bounds the loss of a certain mistake

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scores:
    """What is scored; all arrays have the shape (questions, labels).

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
    def own(self) -> npt.NDArray[np.int64]:
        """How many labels each question has: shape (questions,)."""
        return np.asarray(self.targets.sum(axis=1, dtype=np.int64))

    @cached_property
    def predicted(self) -> npt.NDArray[np.bool_]:
        """Which tags reach their thresholds."""
        return self.probabilities >= self.thresholds

    def with_labels(self) -> "Scores":
        """Return the scores of the questions that have one of the labels."""
        rows = self.targets.any(axis=1)
        return Scores(self.targets[rows], self.probabilities[rows], self.thresholds)


@dataclass(frozen=True, slots=True)
class Metric:
    """A number that tells how good scores are.

    Attributes:
        parts: what each question adds, shape (questions, columns).
        value: the metric of sums of parts: from shape (..., columns) to shape (...).
        higher_is_better: which end is the good one.
        most: the largest that it can be; the smallest is 0.
    """

    parts: Callable[[Scores], Floats]
    value: Callable[[Floats], Floats]
    higher_is_better: bool = True
    most: float = 1.0

    def __call__(self, scores: Scores) -> float:
        """Return the metric of all questions."""
        return float(self.value(self.parts(scores).sum(axis=0)))


def _mean(
    of: Callable[[Scores], Floats], *, higher_is_better: bool = True, most: float = 1.0
) -> Metric:
    """The mean of a number that each question has, but for those where it is NaN."""

    def parts(scores: Scores) -> Floats:
        values = of(scores)
        return np.column_stack([np.nan_to_num(values), ~np.isnan(values)])

    def value(sums: Floats) -> Floats:
        return np.asarray(sums[..., 0] / np.maximum(sums[..., 1], 1))

    return Metric(parts, value, higher_is_better, most)


def _first_is_right(scores: Scores) -> Floats:
    """Keras' categorical accuracy, as the article reports it: whether two argmaxes are equal.

    That of the targets is the alphabetically first of a question's tags, so the others never
    count. It is here to be compared with the article; judge by the rest.
    """
    first = scores.targets.argmax(axis=1)
    return np.asarray(scores.probabilities.argmax(axis=1) == first, np.float64)


def _cross_entropy(scores: Scores) -> Floats:
    """Binary cross-entropy, the mean over labels; the article's `loss`."""
    p = np.clip(scores.probabilities, _SMALLEST, 1 - _SMALLEST)
    return np.asarray(-np.where(scores.targets == 1, np.log(p), np.log1p(-p)).mean(axis=1))


def _precision_at(k: int) -> Metric:
    """The share of a question's k most probable tags that it has."""
    return _mean(lambda scores: scores.hits[:, :k].sum(axis=1) / k)


def _recall_at(k: int) -> Metric:
    """The share of a question's tags among its k most probable."""
    return _mean(lambda scores: _share(scores.hits[:, :k].sum(axis=1), scores.own))


def _average_precision(scores: Scores) -> Floats:
    """The precision at the place of each of a question's tags, the mean over its tags."""
    found = np.cumsum(scores.hits, axis=1, dtype=np.int64)
    precision = found / np.arange(1, scores.hits.shape[1] + 1)
    return _share((precision * scores.hits).sum(axis=1), scores.own)


def ndcg(scores: Scores, tags: npt.NDArray[np.int64], *, k: int) -> Floats:
    """Return each question's nDCG@k: the discounted gain of its k most probable tags over the best.

    Järvelin and Kekäläinen (2002), with a gain of 1 for a tag that the question has.

    Args:
        scores: over a system's labels.
        tags: how many tags each question has, also beyond the labels; shape (questions,). A
            question without any has no nDCG: not a number.
        k: how many of the most probable tags count.
    """
    hits = scores.hits[:, :k]
    discounts = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.concatenate([[0.0], np.cumsum(discounts)])
    return _share(hits @ discounts[: hits.shape[1]], ideal[np.minimum(tags, k)])


def _ndcg_at(k: int) -> Metric:
    return _mean(lambda scores: ndcg(scores, scores.own, k=k))


def _share(part: npt.NDArray[np.number], whole: npt.NDArray[np.number]) -> Floats:
    """Part / whole, NaN where there is no whole: a question without labels has no recall."""
    undefined = np.full(len(whole), np.nan)
    return np.asarray(np.divide(part, whole, out=undefined, where=np.asarray(whole > 0)))


def _decisions(scores: Scores) -> Floats:
    """For each label three columns: found, predicted, own; first all labels of the one kind."""
    found = scores.predicted & (scores.targets == 1)
    return np.hstack([found, scores.predicted, scores.targets]).astype(np.float64)


def _f1(sums: Floats) -> Floats:
    """F1 of each label, 0 for one never found: from (..., 3 · labels) to (..., labels)."""
    found, predicted, own = np.split(sums, 3, axis=-1)
    return np.asarray(2 * found / np.maximum(predicted + own, 1))


def _micro_f1(sums: Floats) -> Floats:
    found, predicted, own = (kind.sum(axis=-1) for kind in np.split(sums, 3, axis=-1))
    return np.asarray(2 * found / np.maximum(predicted + own, 1))


def _macro_f1(sums: Floats) -> Floats:
    """The mean of F1 over the labels that at least one of the questions has.

    A label that none of them has tells nothing of how well it is found. Counted as 0, such labels
    drew the mean down on every resample that missed one.
    """
    occurs = np.split(sums, 3, axis=-1)[2] > 0
    return np.asarray((_f1(sums) * occurs).sum(axis=-1) / np.maximum(occurs.sum(axis=-1), 1))


def _in_bins(scores: Scores) -> Floats:
    """For each bin of probability three columns: cells, probabilities, tags; BINS of each kind."""
    questions = len(scores.targets)
    bins = np.minimum((scores.probabilities * BINS).astype(np.int64), BINS - 1)
    places = (bins + BINS * np.arange(questions)[:, None]).ravel()

    def add_up(weights: npt.NDArray[np.number] | None) -> Floats:
        sums = np.bincount(places, weights, minlength=questions * BINS)
        return sums.reshape(questions, BINS).astype(np.float64)

    kinds = (None, scores.probabilities.ravel(), scores.targets.ravel())
    return np.hstack([add_up(weights) for weights in kinds])


def _calibration_error(sums: Floats) -> Floats:
    return np.asarray(np.abs(calibration_gaps(sums)).sum(axis=-1))


def calibration_gaps(sums: Floats) -> Floats:
    """Return by how much each bin's probabilities exceed its tags, as a share of all cells.

    The calibration error is the sum of their distances from 0.

    Args:
        sums: of the calibration error's parts, from shape (..., 3 · BINS) to (..., BINS).
    """
    cells, probabilities, tags = np.split(sums, 3, axis=-1)
    return np.asarray((probabilities - tags) / cells.sum(axis=-1, keepdims=True))


METRICS: Final[Mapping[str, Metric]] = {
    "categorical_accuracy": _mean(_first_is_right),
    "precision_at_1": _precision_at(1),
    "precision_at_3": _precision_at(3),
    "precision_at_5": _precision_at(5),
    "recall_at_5": _recall_at(5),
    "micro_f1": Metric(_decisions, _micro_f1),
    "macro_f1": Metric(_decisions, _macro_f1),
    "mean_average_precision": _mean(_average_precision),
    "ndcg_at_5": _ndcg_at(5),
    "log_loss": _mean(_cross_entropy, higher_is_better=False, most=math.inf),
    "calibration_error": Metric(_in_bins, _calibration_error, higher_is_better=False),
}


def all_metrics(scores: Scores) -> dict[str, float]:
    """Return every metric by its name.

        scores = Scores(dataset.targets[rows], tagger.probabilities(corpus, rows), thresholds)
        all_metrics(scores)["ndcg_at_5"]

    What each one is stands at METRICS.
    """
    return {name: metric(scores) for name, metric in METRICS.items()}


def label_f1(scores: Scores) -> Floats:
    """F1 of each label at its threshold: shape (labels,)."""
    return _f1(_decisions(scores).sum(axis=0))


@dataclass(frozen=True, slots=True)
class Reliability:
    """Bins of probability that hold something, in ascending order; all of shape (bins,).

    Attributes:
        probabilities: the mean of those in the bin.
        frequencies: the share of the bin's cells whose question has the tag.
        cells: how many pairs of question and label the bin holds.
    """

    probabilities: Floats
    frequencies: Floats
    cells: Floats


def reliability(scores: Scores) -> Reliability:
    """How often what has a probability is so: the bins behind the calibration error."""
    cells, probabilities, tags = np.split(_in_bins(scores).sum(axis=0), 3)
    filled = cells > 0
    count = cells[filled]
    return Reliability(probabilities[filled] / count, tags[filled] / count, count)


def bootstrap_counts(questions: int, count: int, *, seed: int) -> npt.NDArray[np.int64]:
    """Return how often each question is in each bootstrap resample: shape (count, questions).

    A resample has as many questions as there are, drawn with replacement (Efron, 1979).
    """
    even = np.full(questions, 1 / questions)
    return np.random.default_rng(seed).multinomial(questions, even, size=count)
