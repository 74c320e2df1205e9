"""Logistic regression of cells of question and label, by a few numbers for all labels."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from core.model.post_processing.calibration import sigmoid

Floats = npt.NDArray[np.float64]

HELD_BACK: Final = 30.0  # how much the weights are held to their centre, by a ridge
PRECISE: Final = {"maxiter": 1000, "ftol": 1e-12, "gtol": 1e-5}


def fit_cells(
    parts: Sequence[npt.NDArray[Any]],
    tags: npt.NDArray[np.uint8],
    centre: Callable[[Floats], Floats],
) -> tuple[Floats, float]:
    """Return a weight for each part, none below 0, and one shift, by which the log loss is least.

    Parts are brought to one spread, and a ridge holds their weights to a centre: few questions
    have few tags, which tell little. Thousands outweigh it.

    Args:
        parts: (questions, labels) each.
        tags: the same shape; 1 where the question has the label. Neither none nor all.
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
