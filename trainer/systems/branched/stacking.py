"""The branches' sum: how much each counts, and what the labels take from each other in it.

Both are logistic regressions of the tags, on questions that no branch has learned.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from core.model.calibration import sigmoid
from trainer.systems.branched.encoded_dataset import Float32Array

Floats = npt.NDArray[np.float64]

FEWEST_LABELS: Final = 2  # that can be each other's rivals
HELD_BACK: Final = 30.0  # how much the weights are held to equal parts, by a ridge
PRECISE: Final = {"maxiter": 1000, "ftol": 1e-12, "gtol": 1e-5}


@dataclass(frozen=True, slots=True)
class StackingWeights:
    """Of each branch in the sum of their logits.

    Attributes:
        conv: of the convolutions.
        readers: of the readers' mean.
        terms: of the weighted terms.
        shift: of every logit.
    """

    conv: float
    readers: float
    terms: float
    shift: float

    def sum(self, logits: Sequence[Float32Array]) -> Float32Array:
        """Weight the branches' logits and add them: (questions, labels).

        They are of convolutions, readers and terms (margins).
        """
        conv, readers, terms = logits
        added: Float32Array = self.conv * conv + self.readers * readers + self.terms * terms
        return added + self.shift


def fit_stacking_weights(
    branches: Sequence[Float32Array], tags: npt.NDArray[np.uint8]
) -> Float32Array:
    """A weight for each branch, none below 0, and one shift, by which the log loss is least.

    It is logistic regression on what the branches say (stacking, Wolpert 1992; none below 0:
    Breiman 1996), so it calibrates. Columns are brought to one spread, since margins spread a
    tenth as much as logits, and a ridge holds all branches to equal parts of the sum: a site of
    200 questions has 40 tags in its validation part, which tell little. Thousands outweigh it.

    Args:
        branches: logits or margins of each, shape (questions, labels).
        tags: the same shape.

    Returns:
        The weights and then the shift.
    """
    equal = np.full(len(branches), 1 / len(branches))
    if not 0 < tags.sum() < tags.size:  # nothing to tell apart
        return np.append(equal, 0.0).astype(np.float32)
    weights, shift = _fit_cells(branches, tags, lambda _: equal)
    return np.append(weights, shift).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Rivals:
    """What the strongest other label of a question takes from a label's logit.

    A question has a tag and has few, which no branch knows, since each says of each label by
    itself. A weight and a scale that are not below 0 never change which label is the likelier.

    Attributes:
        scale: of the logit.
        weight: of the largest logit among the question's other labels, which is subtracted.
        shift: of every logit.
    """

    scale: float = 1.0
    weight: float = 0.0
    shift: float = 0.0

    def apply(self, logits: Float32Array) -> Float32Array:
        """Return the logits of questions, (questions, labels), without what others take."""
        if not self.weight:
            return logits
        taken: Float32Array = self.scale * logits - self.weight * strongest_others(logits)
        return taken + self.shift


NO_RIVALS: Final = Rivals()


def strongest_others(logits: Float32Array) -> Float32Array:
    """Return for each label the largest logit of all others, of the same shape."""
    second, first = np.split(np.partition(logits, -2, axis=1)[:, -2:], 2, axis=1)
    return np.where(logits >= first, second, first)


def fit_rivals(logits: Float32Array, tags: npt.NDArray[np.uint8]) -> Rivals:
    """Return the rivals by which the log loss is least.

    Args:
        logits: of questions that none of it was learned from, (questions, labels).
        tags: of the first of the labels, by which they are fitted: (questions, some labels).
    """
    if logits.shape[1] < FEWEST_LABELS or not (0 < tags.sum() < tags.size and logits.std()):
        return NO_RIVALS
    judged = slice(0, tags.shape[1])
    both = logits[:, judged], -strongest_others(logits)[:, judged]
    (scale, weight), shift = _fit_cells(both, tags, lambda spreads: np.array([spreads[0], 0.0]))
    return Rivals(float(scale), float(weight), float(shift))


def _fit_cells(
    parts: Sequence[Float32Array],
    tags: npt.NDArray[np.uint8],
    centre: Callable[[Floats], Floats],
) -> tuple[Floats, float]:
    """Weights of parts, (questions, labels) each, and the shift beside them.

    Args:
        parts: each brought to one spread.
        tags: the same shape.
        centre: what the ridge holds the weights of such parts to, by the parts' own spreads.
    """
    cells = np.stack([part.ravel().astype(np.float64) for part in parts], axis=1)
    means, spreads = cells.mean(axis=0), cells.std(axis=0)
    spreads[spreads == 0] = np.inf  # of a part that says nothing
    columns = (cells - means) / spreads
    found, shift = _fit(columns, tags.ravel().astype(np.float64), centre(spreads))
    weights = found / spreads
    return weights, float(shift - weights @ means)


def _fit(columns: Floats, tags: Floats, centre: Floats) -> tuple[Floats, float]:
    """Weights of columns, of mean 0 and spread 1, and the shift beside them."""
    from scipy.optimize import minimize  # noqa: PLC0415

    def loss(parameters: Floats) -> tuple[float, Floats]:
        weights, shift = parameters[:-1], parameters[-1]
        logits = columns @ weights + shift
        error, away = sigmoid(logits) - tags, weights - centre
        entropy = (np.logaddexp(0, logits) - tags * logits).sum()
        slope = np.append(columns.T @ error + HELD_BACK * away, error.sum())
        return float(entropy + HELD_BACK / 2 * away @ away), slope

    start = np.append(centre, np.log(tags.mean() / (1 - tags.mean())))
    bounds = [(0.0, None)] * len(centre) + [(None, None)]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=PRECISE).x
    return found[:-1], float(found[-1])
