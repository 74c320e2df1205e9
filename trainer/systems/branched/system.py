"""The branched network as a system that can be trained and published."""

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from core.model.tokenizer import TextSettings
from trainer.data.dataset import Dataset
from trainer.progress import ProgressReporter
from trainer.systems.branched.hyperparameters import Hyperparameters
from trainer.systems.networks.keras_setup import import_keras, make_deterministic
from trainer.systems.networks.network import Network, NetworkSystem
from trainer.systems.networks.sentences import Teacher

if TYPE_CHECKING:
    from trainer.systems.branched.encoded_dataset import EncodedDataset


@dataclass(frozen=True, kw_only=True)
class BranchedNetwork(NetworkSystem):
    """Convolutions, readers of document vectors, and weighted terms in one graph.

    Attributes:
        epochs: at most, of each part; None leaves them as the hyperparameters say.
        hyperparameters: everything else.
        teacher: knows sentence vectors of the questions that are learned; None for none.
    """

    name: ClassVar[str] = "branched"
    text: ClassVar[TextSettings] = TextSettings(
        code="start",
        hyphens="split",
        underscores="split",
        endings="fold",
        inline="join",
        unspaced="pairs",
    )

    epochs: int | None = None
    hyperparameters: Hyperparameters = field(default_factory=Hyperparameters)
    teacher: Teacher | None = None

    def fit(
        self, dataset: Dataset, *, seed: int, reporter: ProgressReporter, resume: Path | None = None
    ) -> Network:
        """Learn a dataset."""
        make_deterministic(import_keras(), seed)
        from trainer.systems.branched import fitting  # noqa: PLC0415 (they import Keras and SciPy)
        from trainer.systems.branched.encoded_dataset import prepare  # noqa: PLC0415

        encoded = self._with_vectors(prepare(dataset, self.hyperparameters), dataset, reporter)
        fitted = fitting.fit(
            dataset,
            encoded,
            self.hyperparameters,
            most_epochs=self.epochs,
            seed=seed,
            reporter=reporter,
            resume=resume,
        )
        return Network(
            fitted.model,
            encoded.vocabulary,
            encoded.inputs,
            self.text,
            epochs=fitted.epochs,
            validation_probabilities=fitted.validation_probabilities,
            out_of_fold_rows=fitted.out_of_fold_rows,
            teacher=self.teacher if encoded.reads_sentences else None,
            checkpoints=fitted.checkpoints,
        )

    def _with_vectors(
        self, encoded: "EncodedDataset", dataset: Dataset, reporter: ProgressReporter
    ) -> "EncodedDataset":
        """Add a teacher's vectors, which the network learns from and does not read."""
        if self.teacher is None:
            return encoded
        vectors = self.teacher.vectors(dataset.corpus, encoded.rows, reporter)
        return replace(encoded, vectors=vectors)

    def manifest_hyperparameters(self) -> dict[str, Any]:
        """For the bundle's manifest."""
        groups: dict[str, dict[str, Any]] = asdict(self.hyperparameters)
        flat = {name: value for group in groups.values() for name, value in group.items()}
        teacher = None if self.teacher is None else self.teacher.digest
        return {"epochs": self.epochs, **flat, "teacher": teacher}
