"""From decisions of any scale to probabilities: one scale and one shift for all labels."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

_LEAST: Final = 1e-12


def fit_platt(targets: npt.NDArray[np.uint8], decisions: npt.NDArray[Any]) -> tuple[float, float]:
    """Return scale and shift that make sigmoid(scale · decision + shift) fit targets best.

    Platt (1999), over all labels at once: a label of its own would have too few examples.

    Args:
        targets: of the validation part, shape (questions, labels).
        decisions: the same shape.
    """
    from scipy.optimize import minimize  # noqa: PLC0415
    from scipy.special import expit  # noqa: PLC0415

    y, x = targets.ravel().astype(np.float64), decisions.ravel().astype(np.float64)

    def loss(parameters: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        logits = parameters[0] * x + parameters[1]
        error = expit(logits) - y
        entropy = np.logaddexp(0, logits) - y * logits
        return float(entropy.mean()), np.array([(error * x).mean(), error.mean()])

    fitted = minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B")
    scale, shift = fitted.x
    return float(scale), float(shift)
