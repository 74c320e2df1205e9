"""What is decided on validation questions once a network is fitted."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.model.post_processing.calibration import Calibration
from trainer.scoring.calibration import CalibrationChoice, choose_calibration
from trainer.scoring.thresholds import choose_thresholds


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """How a network's probabilities are told, and from which on a tag is suggested.

    Attributes:
        choice: the calibration, and what it was chosen by.
        thresholds: of each label, on the calibrated scale: shape (labels,).
    """

    choice: CalibrationChoice
    thresholds: npt.NDArray[np.float64]

    @property
    def calibration(self) -> Calibration:
        """The calibration that was chosen."""
        return self.choice.calibration


def choose_operating_point(
    targets: npt.NDArray[np.uint8],
    probabilities: npt.NDArray[np.float64],
    *,
    min_precision: float | None = None,
) -> OperatingPoint:
    """Choose calibration and thresholds.

        targets = dataset.targets[dataset.split.validation]
        point = choose_operating_point(targets, tagger.predict_validation(dataset))

    Args:
        targets: of the validation part, shape (questions, labels).
        probabilities: not calibrated, that the network gave these questions before it learned
            from them: the same shape.
        min_precision: what the precision of each tag's suggestions is to be; None maximises F1.
    """
    choice = choose_calibration(targets, probabilities)
    calibrated = choice.calibration.apply(probabilities)
    return OperatingPoint(
        choice, choose_thresholds(targets, calibrated, min_precision=min_precision)
    )
