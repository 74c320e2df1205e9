"""The learning rate of a part: a linear warm-up, then half a cosine down to zero."""

import math
from typing import Any

import keras
from keras import ops


class WarmUpCosine(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """A rate without a branch in its graph.

    The method is that of Loshchilov and Hutter (SGDR, 2017) without restarts, after a warm-up.
    Keras' own `CosineDecay` gives the same numbers; but an optimizer traces its rate once for each
    variable, and a `cond` each time was a fifth of the time that a small training took.
    """

    def __init__(self, highest: float, steps: int, warm_up: int) -> None:
        """See the class.

        Args:
            highest: the rate where the warm-up ends.
            steps: all steps of the part, those of the warm-up among them.
            warm_up: how many of them the rate grows for.
        """
        self.highest = highest
        self.steps = steps
        self.warm_up = warm_up

    def __call__(self, step: Any) -> Any:
        """The rate of a step, a scalar float32."""
        step = ops.cast(step, "float32")
        growing = step / max(self.warm_up, 1)
        done = ops.minimum((step - self.warm_up) / max(self.steps - self.warm_up, 1), 1.0)
        falling = 0.5 * (1.0 + ops.cos(math.pi * done))
        return self.highest * ops.where(step < self.warm_up, growing, falling)

    def get_config(self) -> dict[str, Any]:
        """What the rate can be made from again."""
        return {"highest": self.highest, "steps": self.steps, "warm_up": self.warm_up}
