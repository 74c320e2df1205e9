"""How far the fitting of one of Keras' parts has come, as arrays that a file can hold."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import keras
import numpy as np
import numpy.typing as npt

from trainer.progress import Epoch
from trainer.systems.branched.checkpoints import Arrays

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class PartState:
    """All that a part's further fitting hangs on, beside what it is shown.

    Attributes:
        variables: weights, and what the dropouts' random numbers go on from.
        optimizer: its variables; none of a part that is finished.
        best: the weights of the lowest loss, where that is not this state's.
        lowest: that loss.
        epochs: that have ended.
    """

    variables: tuple[Array, ...]
    optimizer: tuple[Array, ...]
    best: tuple[Array, ...]
    lowest: float
    epochs: tuple[Epoch, ...]

    @classmethod
    def of(
        cls,
        model: keras.Model,
        epochs: Sequence[Epoch],
        *,
        optimizer: bool = False,
        best: Sequence[Array] | None = None,
        lowest: float = np.inf,
    ) -> Self:
        """Take it from a model."""
        return cls(
            _values(model.variables),
            _values(model.optimizer.variables) if optimizer else (),
            tuple(best or ()),
            lowest,
            tuple(epochs),
        )

    def arrays(self) -> Arrays:
        """Arrays by name."""
        told = {"lowest": self.lowest, "epochs": [asdict(epoch) for epoch in self.epochs]}
        return {
            "told": np.array(json.dumps(told)),
            **_numbered("variable", self.variables),
            **_numbered("optimizer", self.optimizer),
            **_numbered("best", self.best),
        }

    @classmethod
    def read(cls, arrays: Arrays) -> Self | None:
        """Take it from arrays by name; None where they are something else."""
        try:
            told = json.loads(str(arrays["told"]))
            return cls(
                _unnumbered("variable", arrays),
                _unnumbered("optimizer", arrays),
                _unnumbered("best", arrays),
                float(told["lowest"]),
                tuple(Epoch(**epoch) for epoch in told["epochs"]),
            )
        except (KeyError, TypeError, ValueError):
            return None

    def put_into(self, model: keras.Model) -> bool:
        """Give it to a compiled model; False, and nothing is changed, where it is of another."""
        pairs = [(model.variables, self.variables)]
        if self.optimizer:
            model.optimizer.build(model.trainable_variables)
            pairs.append((model.optimizer.variables, self.optimizer))
        if not all(_fit(variables, values) for variables, values in pairs):
            return False
        if self.best and not _fit(model.weights, self.best):
            return False
        for variables, values in pairs:
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)
        return True


def _values(variables: Iterable[Any]) -> tuple[Array, ...]:
    return tuple(variable.numpy() for variable in variables)


def _fit(variables: Sequence[Any], values: Sequence[Array]) -> bool:
    wanted = [(tuple(variable.shape), variable.dtype) for variable in variables]
    return wanted == [(value.shape, value.dtype.name) for value in values]


def _numbered(name: str, values: Iterable[Array]) -> dict[str, Array]:
    return {f"{name}_{number}": value for number, value in enumerate(values)}


def _unnumbered(name: str, arrays: Arrays) -> tuple[Array, ...]:
    count = sum(key.startswith(f"{name}_") for key in arrays)
    return tuple(arrays[f"{name}_{number}"] for number in range(count))
