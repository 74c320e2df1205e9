"""How much each branch counts in the sum: a logistic regression of the tags on the branches."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from trainer.systems.branched.encoded_dataset import Float32Array

TOLERANCE = 1e-6


def fit_stacking_weights(
    branches: Sequence[Float32Array], tags: npt.NDArray[np.uint8]
) -> Float32Array:
    """A weight for each branch and one shift, by which the log loss is least.

    It is logistic regression on what the branches say (stacking, Wolpert 1992), so it calibrates.
    Its penalty matters where questions are few. It holds margins back the most, which spread less
    than logits.

    Args:
        branches: logits or margins of each, shape (questions, labels).
        tags: the same shape.

    Returns:
        The weights and then the shift.
    """
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

    if not 0 < tags.sum() < tags.size:  # nothing to tell apart
        return np.array([*[1 / len(branches)] * len(branches), 0.0], np.float32)
    cells = np.stack([branch.ravel().astype(np.float64) for branch in branches], axis=1)
    fitted = LogisticRegression(tol=TOLERANCE).fit(cells, tags.ravel())
    return np.append(fitted.coef_[0], fitted.intercept_).astype(np.float32)
