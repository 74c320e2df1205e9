"""What readers learn of a teacher: tags as it expects them, beside those that are there.

The teacher of the network is a reader that has, beside the document vector, a sentence vector. It
is fitted to folds of the training part, and says what it expects of the fold that it has not seen
(out of fold), so that it passes on no answer that it knows by heart.
Hinton, Vinyals, Dean (2015), "Distilling the Knowledge in a Neural Network".
"""

import numpy as np
import numpy.typing as npt

from trainer.data.splits import Rows
from trainer.systems.branched.documents import DocumentVectors
from trainer.systems.branched.embeddings import SENTENCE_LENGTH
from trainer.systems.branched.encoded_dataset import Float32Array


class TeacherInputs:
    """Document vectors and sentence vectors side by side; reads like an array.

    Attributes:
        shape: (questions, dimensions of both).
        dtype: of the numbers.
    """

    dtype = np.dtype(np.float32)

    def __init__(self, documents: DocumentVectors, vectors: npt.NDArray[np.float16]) -> None:
        """Put them together as they are read.

        Args:
            documents: of the questions.
            vectors: of the same; each is given the length of a document vector.
        """
        self._documents, self._vectors = documents, vectors
        self.shape = (documents.shape[0], documents.shape[1] + vectors.shape[1])

    def __getitem__(self, rows: Rows) -> Float32Array:
        sentences = self._vectors[rows].astype(np.float32) * SENTENCE_LENGTH
        return np.concatenate([self._documents[rows], sentences], axis=1)


class SoftTags:
    """Tags that a question has, mixed with those that the teacher expects; reads like an array.

    Cross-entropy is linear in what it is measured against, so that learning from the mixture is
    learning from both.

    Attributes:
        shape: (questions, tags).
        dtype: of the numbers.
    """

    dtype = np.dtype(np.float32)

    def __init__(
        self, tags: npt.NDArray[np.uint8], expected: npt.NDArray[np.float16], share: float
    ) -> None:
        """Mix them as they are read.

        Args:
            tags: 0 or 1, (questions, tags).
            expected: the teacher's probabilities, the same shape.
            share: of the teacher's.
        """
        self._tags, self._expected, self._share = tags, expected, share
        self.shape = tags.shape

    def __getitem__(self, rows: Rows) -> Float32Array:
        tags = self._tags[rows].astype(np.float32)
        return tags + self._share * (self._expected[rows].astype(np.float32) - tags)
