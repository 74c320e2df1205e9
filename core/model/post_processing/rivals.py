"""What labels of a question take from each other.

A question has a tag, and has few, which no network knows that says of each label by itself. So the
surer another label is, the less likely is one. How much was learned on validation questions
(`trainer/scoring/rivals.py`).
"""

from typing import Annotated, Any, Final

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

LARGEST: Final = 100.0
Weight = Annotated[float, Field(ge=0, le=LARGEST)]


class Rivals(BaseModel):
    """What is learned of it: scale · logit - weight · the largest logit of all others + shift.

    Which of a question's labels is the likelier never changes: neither scale nor weight is below 0.

    Attributes:
        scale: of the logit.
        weight: of the largest logit among the question's other labels.
        shift: of every logit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    scale: Weight
    weight: Weight
    shift: Annotated[float, Field(ge=-LARGEST, le=LARGEST)]

    def apply(self, logits: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the logits of questions, (questions, labels), less what others take."""
        cells, first, second = _two_largest(logits)
        told = self.scale * logits
        told += (self.shift - self.weight * first)[:, None]
        told[cells] = self.scale * first - self.weight * second + self.shift
        return told


def strongest_others(logits: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return for each label the largest logit of all others, of the same shape.

    A label that has no others takes nothing from itself: 0.
    """
    cells, first, second = _two_largest(logits)
    found = np.repeat(first[:, None], logits.shape[1], axis=1)
    found[cells] = second
    return found


def _two_largest(logits: npt.NDArray[Any]) -> tuple[Any, npt.NDArray[Any], npt.NDArray[Any]]:
    """The cell of each question's largest logit, that, and the next one: (questions,) each."""
    cells = np.arange(len(logits)), logits.argmax(axis=1)
    first = logits[cells]
    if logits.shape[1] == 1:
        return cells, first, np.zeros_like(first)
    others = logits.copy()
    others[cells] = -np.inf
    return cells, first, others.max(axis=1)
