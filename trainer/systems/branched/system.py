"""The branched network as a system that can be trained and published."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from core.model.tokenizer import TextSettings
from trainer.progress import ProgressReporter
from trainer.systems.base import Dataset
from trainer.systems.branched.hyperparameters import Hyperparameters
from trainer.systems.keras_setup import import_keras, make_deterministic
from trainer.systems.network import Network, NetworkSystem


@dataclass(frozen=True, kw_only=True)
class BranchedNetwork(NetworkSystem):
    """Convolutions, readers of document vectors, and weighted terms in one graph.

    Attributes:
        epochs: at most, of each part; None leaves them as the hyperparameters say.
        knobs: everything else.
    """

    name: ClassVar[str] = "branched"
    text: ClassVar[TextSettings] = TextSettings(
        code="start", hyphens="split", underscores="split", endings="fold"
    )

    epochs: int | None = None
    knobs: Hyperparameters = field(default_factory=Hyperparameters)

    def fit(
        self, dataset: Dataset, *, seed: int, reporter: ProgressReporter, resume: Path | None = None
    ) -> Network:
        """Learn a dataset."""
        make_deterministic(import_keras(), seed)
        from trainer.systems.branched import fitting  # noqa: PLC0415 (they import Keras and SciPy)
        from trainer.systems.branched.material import prepare  # noqa: PLC0415

        material = prepare(dataset, self.knobs)
        fitted = fitting.fit(
            dataset,
            material,
            self.knobs,
            most_epochs=self.epochs,
            seed=seed,
            reporter=reporter,
            resume=resume,
        )
        return Network(
            fitted.model,
            material.vocabulary,
            material.inputs,
            self.text,
            epochs=fitted.epochs,
            held_out=fitted.held_out,
        )

    def hyperparameters(self) -> dict[str, Any]:
        """For the bundle's manifest."""
        groups: dict[str, dict[str, Any]] = asdict(self.knobs)
        flat = {name: value for group in groups.values() for name, value in group.items()}
        return {"epochs": self.epochs, **flat}
