"""From decisions or probabilities to calibrated probabilities: fitted on validation questions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from core.model.post_processing.calibration import (
    NO_CALIBRATION,
    Calibration,
    Isotonic,
    Temperature,
    logit,
    sigmoid,
)
from trainer.scoring.metrics import METRICS, Scores

Kind = Literal["none", "temperature", "isotonic"]

FOLDS: Final = 5  # of the validation questions, to choose the kind by
LEAST_TAGS: Final = 100  # on validation questions; with fewer there is nothing to calibrate by
TAGS_IN_BIN: Final = 20  # expected in a bin of isotonic regression: 10 to 40 do about as well
MOST_BINS: Final = 100
_SCALES: Final = (0.01, 100.0)
_SHIFTS: Final = (-100.0, 100.0)

Probabilities = npt.NDArray[np.float64]
Targets = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class CalibrationQuality:
    """How good probabilities are with one kind of calibration; the lower, the better.

    Attributes:
        kind: which.
        log_loss: on questions that it was not fitted to.
        calibration_error: the expected calibration error on the same.
    """

    kind: Kind
    log_loss: float
    calibration_error: float


@dataclass(frozen=True, slots=True)
class CalibrationChoice:
    """Which calibration was chosen, and by what.

    Attributes:
        kind: of the lowest log loss; "none" where no other is better.
        calibration: fitted to all validation questions.
        tried: every kind, "none" first; empty where there were too few tags to choose by.
    """

    kind: Kind
    calibration: Calibration
    tried: tuple[CalibrationQuality, ...]


def choose_calibration(targets: Targets, probabilities: Probabilities) -> CalibrationChoice:
    """Choose between no calibration, temperature and isotonic, and fit it.

    The choice is by log loss in cross-validation inside the validation part.

    Args:
        targets: of validation questions, shape (questions, labels).
        probabilities: that the network gave them before it learned from them, the same shape.
    """
    if targets.sum() < LEAST_TAGS or len(targets) < FOLDS:
        return CalibrationChoice("none", NO_CALIBRATION, ())
    tried = tuple(_measure(kind, targets, probabilities) for kind in _FITS)
    best = min(tried, key=lambda quality: quality.log_loss)  # the first of equals: "none" is it
    return CalibrationChoice(best.kind, _FITS[best.kind](targets, probabilities), tried)


def _measure(kind: Kind, targets: Targets, probabilities: Probabilities) -> CalibrationQuality:
    """Calibrate each fold by the others."""
    calibrated = np.empty(probabilities.shape)
    folds = np.random.default_rng(0).permutation(len(targets)) % FOLDS
    for fold in range(FOLDS):
        others, own = folds != fold, folds == fold
        calibration = _FITS[kind](targets[others], probabilities[others])
        calibrated[own] = calibration.apply(probabilities[own])
    scores = Scores(targets, calibrated, np.ones(targets.shape[1]))
    return CalibrationQuality(
        kind, METRICS["log_loss"](scores), METRICS["calibration_error"](scores)
    )


def fit_temperature(targets: Targets, probabilities: Probabilities) -> Temperature:
    """Return the scale and shift of the logits by which the log loss is least."""
    scale, shift = fit_platt(targets, logit(probabilities))
    return Temperature(scale=scale, shift=shift)


def fit_isotonic(targets: Targets, probabilities: Probabilities) -> Isotonic:
    """Return a rising line from the network's logits to those of the tags' frequencies.

    Cells of question and label go into bins in which about equally many tags are expected, which
    bounds the line's points. Each bin is joined by one expected tag, so that no frequency is 0 or
    1; then bins that do not rise are pooled.
    """
    from sklearn.isotonic import isotonic_regression  # noqa: PLC0415

    logits = logit(probabilities.ravel())
    order = np.argsort(logits, kind="stable")
    x, y = logits[order], targets.ravel()[order]
    starts = _bin_starts(x)
    cells = np.diff(np.append(starts, len(x)))
    expected, found, total = (
        np.add.reduceat(values, starts, dtype=np.float64) for values in (sigmoid(x), y, x)
    )
    frequencies = (found + 1) / (expected + 1) * expected / cells
    rising = isotonic_regression(frequencies, sample_weight=cells)
    values, firsts = np.unique(logit(rising), return_index=True)
    centres = np.add.reduceat(total, firsts) / np.add.reduceat(cells, firsts)
    return Isotonic(logits=tuple(centres.tolist()), values=tuple(values.tolist()))


def _bin_starts(ascending: Probabilities) -> npt.NDArray[np.int64]:
    """Where bins of logits begin that expect equally many tags; equal logits share a bin."""
    total = np.cumsum(sigmoid(ascending))
    bins = int(np.clip(total[-1] / TAGS_IN_BIN, 1, MOST_BINS))
    starts = np.searchsorted(total, np.arange(bins) / bins * total[-1])
    return np.unique(np.searchsorted(ascending, ascending[starts]))


_FITS: Final[Mapping[Kind, Callable[[Targets, Probabilities], Calibration]]] = {
    "none": lambda targets, probabilities: NO_CALIBRATION,  # noqa: ARG005
    "temperature": fit_temperature,
    "isotonic": fit_isotonic,
}


def fit_platt(targets: Targets, decisions: npt.NDArray[Any]) -> tuple[float, float]:
    """Return scale and shift that make sigmoid(scale · decision + shift) fit targets best.

    Platt (1999), over all labels at once: a label of its own would have too few examples. The
    scale is positive even where the decisions are worse than chance.

    Args:
        targets: of the validation part, shape (questions, labels).
        decisions: the same shape.
    """
    from scipy.optimize import minimize  # noqa: PLC0415

    y, x = targets.ravel().astype(np.float64), decisions.ravel().astype(np.float64)

    def loss(parameters: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        logits = parameters[0] * x + parameters[1]
        error = sigmoid(logits) - y
        entropy = np.logaddexp(0, logits) - y * logits
        return float(entropy.mean()), np.array([(error * x).mean(), error.mean()])

    start = np.array([1.0, 0.0])
    fitted = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[_SCALES, _SHIFTS])
    scale, shift = fitted.x
    return float(scale), float(shift)
