"""The state of a part that Keras fits, as the arrays of a checkpoint."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from trainer.progress import Epoch
from trainer.systems.branched.parts.checkpoints import Array, Arrays


@dataclass(frozen=True, slots=True)
class PartState:
    """All that a part's further fitting depends on, beside the questions that it is shown.

    Attributes:
        variables: weights, and the state of the dropouts' random numbers.
        optimizer: its variables; none of a part that is finished.
        best: the weights of the lowest loss, where that is not this state's.
        lowest: the lowest loss on the validation part.
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
        model: Any,
        epochs: Sequence[Epoch],
        *,
        optimizer: bool = False,
        best: Sequence[Array] | None = None,
        lowest: float = np.inf,
    ) -> Self:
        """Take it from a model, which is compiled where `optimizer` is wanted."""
        return cls(
            _values(model.variables),
            _values(model.optimizer.variables) if optimizer else (),
            tuple(best or ()),
            lowest,
            tuple(epochs),
        )

    def arrays(self) -> Arrays:
        """NumPy arrays by name, as a checkpoint keeps them."""
        history = {"lowest": self.lowest, "epochs": [asdict(epoch) for epoch in self.epochs]}
        return {
            "history": np.array(json.dumps(history)),
            **_numbered("variable", self.variables),
            **_numbered("optimizer", self.optimizer),
            **_numbered("best", self.best),
        }

    @classmethod
    def read(cls, arrays: Arrays) -> Self | None:
        """Take it from arrays by name; None where they are something else."""
        try:
            history = json.loads(str(arrays["history"]))
            return cls(
                _unnumbered("variable", arrays),
                _unnumbered("optimizer", arrays),
                _unnumbered("best", arrays),
                float(history["lowest"]),
                tuple(Epoch(**epoch) for epoch in history["epochs"]),
            )
        except (KeyError, TypeError, ValueError):
            return None

    def put_into(self, model: Any) -> bool:
        """Give it to a compiled model; False, and nothing is changed, where it is of another."""
        pairs = [(model.variables, self.variables)]
        if self.optimizer:
            model.optimizer.build(model.trainable_variables)
            pairs.append((model.optimizer.variables, self.optimizer))
        if not all(_suits(variables, values) for variables, values in pairs):
            return False
        if self.best and not _suits(model.weights, self.best):
            return False
        for variables, values in pairs:
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)
        return True


def _values(variables: Iterable[Any]) -> tuple[Array, ...]:
    return tuple(variable.numpy() for variable in variables)


def _suits(variables: Sequence[Any], values: Sequence[Array]) -> bool:
    """Whether values have the variables' shapes and types."""
    wanted = [(tuple(variable.shape), variable.dtype) for variable in variables]
    return wanted == [(value.shape, value.dtype.name) for value in values]


def _numbered(name: str, values: Iterable[Array]) -> dict[str, Array]:
    return {f"{name}_{number}": value for number, value in enumerate(values)}


def _unnumbered(name: str, arrays: Arrays) -> tuple[Array, ...]:
    count = sum(key.startswith(f"{name}_") for key in arrays)
    return tuple(arrays[f"{name}_{number}"] for number in range(count))
