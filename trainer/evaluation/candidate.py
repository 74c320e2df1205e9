"""What a training has made, before it is a version."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.questions.selection import Selection
from trainer.data.dataset import Dataset, Holdout
from trainer.systems.networks.network import Network, NetworkSystem


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A fitted and calibrated network, and the questions that it has not seen.

    Attributes:
        network: that was fitted.
        system: that fitted it.
        dataset: that it has learned.
        thresholds: of its labels, shape (labels,).
        holdout: the questions that it is evaluated on.
        selection: what all questions were read by.
    """

    network: Network
    system: NetworkSystem
    dataset: Dataset
    thresholds: npt.NDArray[np.float64]
    holdout: Holdout
    selection: Selection
