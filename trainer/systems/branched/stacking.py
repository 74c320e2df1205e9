"""How much each branch counts in the sum: a logistic regression of the tags on the branches."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from core.model.calibration import sigmoid
from trainer.systems.branched.encoded_dataset import Float32Array

Floats = npt.NDArray[np.float64]

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
    cells = np.stack([branch.ravel().astype(np.float64) for branch in branches], axis=1)
    means, spreads = cells.mean(axis=0), cells.std(axis=0)
    spreads[spreads == 0] = np.inf  # of a branch that says nothing
    parts, shift = _fit((cells - means) / spreads, tags.ravel().astype(np.float64), equal)
    weights = parts / spreads
    return np.append(weights, shift - weights @ means).astype(np.float32)


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
