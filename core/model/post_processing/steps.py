"""What becomes of a network's probabilities before they are told."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.model.post_processing.calibration import NO_CALIBRATION, Calibration, Probabilities, logit
from core.model.post_processing.rivals import Rivals
from core.model.text.names import Named, NameWeights, apply_names


@dataclass(frozen=True, slots=True)
class PostProcessing:
    """The steps, in their order; by default nothing is changed.

    Attributes:
        names: what tags' own names in the words say; None where nothing is made of them.
        rivals: what labels take from each other; None where they take nothing.
        calibration: the last.
    """

    names: NameWeights | None = None
    rivals: Rivals | None = None
    calibration: Calibration = NO_CALIBRATION

    def apply(self, raw: npt.NDArray[Any], named: Named | None = None) -> Probabilities:
        """Return what is told of a network's probabilities: the same shape, (questions, labels).

        Args:
            raw: the network's.
            named: where names of tags stand in the questions; asked for where there are `names`.
        """
        if self.names is None and self.rivals is None:
            return self.calibration.apply(raw)
        logits = logit(raw.astype(np.float64))
        if self.names is not None and named is not None:
            logits = apply_names(logits, self.names, named)
        if self.rivals is not None:
            logits = self.rivals.apply(logits)
        return self.calibration.apply_to_logits(logits)
