"""From which probability on a tag is suggested: chosen tag by tag on the validation part."""

from typing import Final

import numpy as np
import numpy.typing as npt

HALF_TRUSTED: Final = 20  # uses in the validation part; the F1 of fewer is mostly chance
_SMALLEST: Final = 1e-6

Probabilities = npt.NDArray[np.float64]
Targets = npt.NDArray[np.uint8]


def choose_thresholds(targets: Targets, probabilities: Probabilities) -> Probabilities:
    """Return for each label the threshold that maximises its F1: shape (labels,).

    A label's own best threshold is drawn, on the scale of logits, towards the one that serves all
    labels best together: the more so, the rarer the label. Chosen from a handful of questions
    alone, many are so low that the tag would be suggested everywhere (the article's simple
    network on cooking: micro-F1 .298 with the labels' own, .401 so; macro-F1 .306 and .301).

    Args:
        targets: shape (questions, labels), 1 where the question has the label.
        probabilities: the same shape.
    """
    own = best_f1_thresholds(targets, probabilities)
    shared = best_f1_thresholds(targets.reshape(-1, 1), probabilities.reshape(-1, 1))
    uses = targets.sum(axis=0)
    trust = uses / (uses + HALF_TRUSTED)
    return _sigmoid(trust * _logit(own) + (1 - trust) * _logit(shared))


def _logit(probabilities: Probabilities) -> Probabilities:
    p = np.clip(probabilities, _SMALLEST, 1 - _SMALLEST)
    return np.asarray(np.log(p) - np.log1p(-p))


def _sigmoid(logits: Probabilities) -> Probabilities:
    return np.asarray(1 / (1 + np.exp(-logits)))


def best_f1_thresholds(targets: Targets, probabilities: Probabilities) -> Probabilities:
    """Return for each column the threshold of the highest F1, between two probabilities."""
    order = np.argsort(-probabilities, axis=0, kind="stable")
    ranked = np.take_along_axis(probabilities, order, axis=0)
    found = np.cumsum(np.take_along_axis(targets, order, axis=0), axis=0, dtype=np.int64)
    taken = np.arange(1, len(targets) + 1)[:, None]
    f1 = 2 * found / (taken + found[-1])
    below = np.vstack([ranked[1:], np.zeros((1, ranked.shape[1]))])
    f1[:-1][ranked[:-1] == ranked[1:]] = -1.0  # no threshold lies between equal probabilities
    best = f1.argmax(axis=0)[None, :]
    upper = np.take_along_axis(ranked, best, axis=0)[0]
    lower = np.take_along_axis(below, best, axis=0)[0]
    middle: Probabilities = (upper + lower) / 2
    return middle
