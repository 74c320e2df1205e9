"""The branches' sum: how much each counts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trainer.scoring.logistic_regression import fit_cells
from trainer.systems.branched.encoded_dataset import Float32Array


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

    It is logistic regression on what the branches say of questions that none has learned
    (stacking, Wolpert 1992; none below 0: Breiman 1996), so it calibrates. They are brought to one
    spread, since margins spread a tenth as much as logits, and held to equal parts of the sum: a
    site of 200 questions has 40 tags in its validation part.

    Args:
        branches: logits or margins of each, shape (questions, labels).
        tags: the same shape.

    Returns:
        The weights and then the shift.
    """
    equal = np.full(len(branches), 1 / len(branches))
    if not 0 < tags.sum() < tags.size:  # nothing to tell apart
        return np.append(equal, 0.0).astype(np.float32)
    weights, shift = fit_cells(branches, tags, lambda _: equal)
    return np.append(weights, shift).astype(np.float32)
