"""From a network's probabilities to calibrated ones, without changing which is larger."""

from typing import Annotated, Any, Final, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, model_validator

MOST_POINTS: Final = 1000  # of an isotonic calibration
_SMALLEST: Final = 1e-7  # beyond it float32 knows no difference from 1
_FARTHEST: Final = 100.0  # a logit that is as good as certain

Logit = Annotated[float, Field(ge=-_FARTHEST, le=_FARTHEST)]
Probabilities = npt.NDArray[np.float64]


class Temperature(BaseModel):
    """Platt scaling (1999): sigmoid(scale * logit + shift); by default nothing is changed."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kind: Literal["temperature"] = "temperature"
    scale: float = Field(default=1.0, gt=0, le=_FARTHEST)
    shift: Logit = 0.0

    def apply(self, probabilities: npt.NDArray[Any]) -> Probabilities:
        """Return calibrated probabilities, of the same shape."""
        raw = probabilities.astype(np.float64)
        if (self.scale, self.shift) == (1.0, 0.0):
            return raw
        return self.apply_to_logits(logit(raw))

    def apply_to_logits(self, logits: Probabilities) -> Probabilities:
        """Return calibrated probabilities of a network's logits, of the same shape."""
        return sigmoid(self.scale * logits + self.shift)


class Isotonic(BaseModel):
    """A rising line through points on the scale of logits (Zadrozny and Elkan, 2002).

    Steps, as isotonic regression gives them, would make equal what the network tells apart; lines
    between their centres do not. Beyond the first and the last point the line rises by one.

    Attributes:
        logits: of the network, ascending.
        values: the calibrated logits there, ascending too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kind: Literal["isotonic"] = "isotonic"
    logits: tuple[Logit, ...] = Field(min_length=1, max_length=MOST_POINTS)
    values: tuple[Logit, ...] = Field(min_length=1, max_length=MOST_POINTS)

    @model_validator(mode="after")
    def _check(self) -> "Isotonic":
        if len(self.logits) != len(self.values):
            raise ValueError(f"{len(self.values)} values for {len(self.logits)} logits")
        if not (np.diff(self.logits) > 0).all() or not (np.diff(self.values) > 0).all():
            raise ValueError("logits and values are to ascend")
        return self

    def apply(self, probabilities: npt.NDArray[Any]) -> Probabilities:
        """Return calibrated probabilities, of the same shape."""
        return self.apply_to_logits(logit(probabilities.astype(np.float64)))

    def apply_to_logits(self, logits: Probabilities) -> Probabilities:
        """Return calibrated probabilities of a network's logits, of the same shape."""
        beyond = logits - np.clip(logits, self.logits[0], self.logits[-1])
        return sigmoid(np.interp(logits, self.logits, self.values) + beyond)


Calibration = Annotated[Temperature | Isotonic, Field(discriminator="kind")]

NO_CALIBRATION: Final = Temperature()


def logit(probabilities: Probabilities) -> Probabilities:
    """Return ln(p / (1 - p)), finite also for 0 and 1."""
    p = np.clip(probabilities, _SMALLEST, 1 - _SMALLEST)
    return np.asarray(np.log(p) - np.log1p(-p))


def sigmoid(logits: Probabilities) -> Probabilities:
    """Return 1 / (1 + exp(-x)), by a form that no logit makes overflow."""
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * logits))
