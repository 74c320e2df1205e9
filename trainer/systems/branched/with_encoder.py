"""The branched network whose readers and terms see sentence vectors, too, when it is served."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from core.errors import TrainingError
from core.model.sentences.encoders import ARCHITECTURE
from core.model.sentences.files import SETTING
from core.model.sentences.reading import SentenceInput
from trainer.data.dataset import Dataset
from trainer.progress import ProgressReporter
from trainer.systems.branched.system import BranchedNetwork

if TYPE_CHECKING:
    from trainer.systems.branched.encoded_dataset import EncodedDataset

INPUT = "sentence"


def missing_encoder(architecture: str) -> str:
    """One line that says what an architecture lacks, and what to do."""
    return (
        f"The architecture {architecture} reads a sentence encoder: set {SETTING} to its folder or "
        "package, here and wherever questions are tagged."
    )


@dataclass(frozen=True, kw_only=True)
class BranchedEncoderNetwork(BranchedNetwork):
    """The branched network, its readers and terms given the sentence vector beside all else.

    All branches learn the tags alone. Whoever tags needs the encoder, too.
    """

    name: ClassVar[str] = ARCHITECTURE
    needs_teacher: ClassVar[bool] = True

    def _with_vectors(
        self, encoded: "EncodedDataset", dataset: Dataset, reporter: ProgressReporter
    ) -> "EncodedDataset":
        """Add the vectors, and that the network reads them.

        Raises:
            TrainingError: there is no encoder.
        """
        if self.teacher is None:
            raise TrainingError(missing_encoder(self.name))
        every = np.arange(len(dataset.corpus))  # now, while it shows how far it is
        vectors = self.teacher.vectors(dataset.corpus, every, reporter)
        sentence = SentenceInput(
            name=INPUT,
            length=vectors.shape[1],
            encoder=self.teacher.digest,
            called=self.teacher.called,
        )
        inputs = (*encoded.inputs, sentence)
        return replace(encoded, inputs=inputs, vectors=vectors[encoded.rows])
