"""The article's remedy for rare tags: weights that multiply their part of the loss."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt


def class_weights(targets: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return for each label a weight inverse to its count, 1 on average: shape (labels,).

    So a mistake on a rare tag costs what one on the most frequent tag costs, and the loss keeps
    its size and the learning rate its meaning.
    """
    counts = np.maximum(targets.sum(axis=0), 1)
    weights: npt.NDArray[np.float64] = 1 / counts
    return np.asarray(weights / weights.mean(), np.float32)


def weighted_binary_crossentropy(weights: npt.NDArray[np.float32]) -> Callable[[Any, Any], Any]:
    """Return a Keras loss: the binary cross-entropy, each label's part times its weight.

    Keras' own `class_weight` gives one weight to a row, so it knows no rows of several labels.
    """
    from keras import losses, ops  # noqa: PLC0415

    def loss(targets: Any, probabilities: Any) -> Any:
        cells = losses.binary_crossentropy(
            ops.expand_dims(targets, -1), ops.expand_dims(probabilities, -1)
        )
        return ops.mean(cells * weights, axis=-1)

    return loss
