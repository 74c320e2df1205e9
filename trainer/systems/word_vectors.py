"""The article's Conv1D with embeddings that were made beforehand, learned further from there."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt

from core.errors import TrainingError
from core.model.vocabulary import Vocabulary
from trainer.data.dataset import Dataset
from trainer.systems.article import WORDS
from trainer.systems.base import System, learned_rows
from trainer.systems.branched.embeddings import word_vectors
from trainer.systems.conv1d import Conv1DNetwork

Vectors = npt.NDArray[np.float32]

SITE_DIMENSIONS: Final = 100
_SCALE: Final = 0.3  # of a vector's length; rows of Keras' own start have about .13


def read_vectors(path: Path, vocabulary: Vocabulary) -> Vectors:
    """Read a vocabulary's words from a file in the text format of word2vec or GloVe.

    Line by line; of the other words nothing is kept. Words that the file has not stay at nought.

    Returns:
        Shape (words + 1, dimensions); the row of a word is its id.

    Raises:
        TrainingError: the file cannot be read as such, or has none of the words.
    """
    ids = {word: number for number, word in enumerate(vocabulary.words, start=1)}
    found: dict[int, Vectors] = {}
    try:
        for word, numbers in _vector_lines(path):
            if (number := ids.get(word)) is not None and number not in found:
                found[number] = np.array(numbers.split(), np.float32)
    except (OSError, ValueError) as error:
        raise TrainingError(f"{path} cannot be read as word vectors: {error}.") from error
    sizes = {len(vector) for vector in found.values()}
    if len(sizes) != 1 or not all(np.isfinite(vector).all() for vector in found.values()):
        raise TrainingError(
            f"{path} holds no word vectors for these questions: "
            f"{len(found)} of the words, of {len(sizes)} different lengths."
        )
    table = np.zeros((len(vocabulary) + 1, sizes.pop()), np.float32)
    for number, vector in found.items():
        table[number] = vector
    return table


def _vector_lines(path: Path) -> Iterator[tuple[str, str]]:
    """The words of a file and the text of their numbers; word2vec's first line is left out."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        for place, line in enumerate(lines):
            word, _, numbers = line.strip().partition(" ")
            if place == 0 and numbers.strip().isdigit():  # "words dimensions"
                continue
            yield word, numbers


def site_vectors(dataset: Dataset, vocabulary: Vocabulary, *, size: int, seed: int) -> Vectors:
    """Make vectors from the site's own text, of what is learned from: see word_vectors().

    Returns:
        Shape (words + 1, size); the row of a word is its id.
    """
    # From 0 on, and -1 for unknown words.
    known = np.array(vocabulary.numbers(dataset.corpus.lexicon), np.int32) - 1
    texts = [
        known[words]
        for row in learned_rows(dataset)
        for words in (dataset.corpus.titles[row], dataset.corpus.bodies[row])
    ]
    vectors = word_vectors(texts, len(vocabulary), size=size, seed=seed)
    return np.vstack([np.zeros((1, size), np.float32), vectors])


@dataclass(frozen=True, kw_only=True)
class VectorConv1D(Conv1DNetwork):
    """The Conv1D, its embeddings starting from vectors."""

    @abstractmethod
    def vectors(self, dataset: Dataset, vocabulary: Vocabulary) -> Vectors:
        """Return a vector for each id: shape (words + 1, dimensions)."""

    def embedding(self, keras: Any, dataset: Dataset, vocabulary: Vocabulary) -> Any:
        """Return the layer from ids to vectors, which training goes on with."""
        vectors = self.vectors(dataset, vocabulary)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        table = np.zeros((WORDS, vectors.shape[1]), np.float32)
        table[: len(vectors)] = _SCALE * vectors / np.maximum(lengths, 1e-9)
        start = keras.initializers.Constant(table)
        return keras.layers.Embedding(*table.shape, embeddings_initializer=start)


@dataclass(frozen=True, kw_only=True)
class SiteVectorConv1D(VectorConv1D):
    """Embeddings made from the site's own text."""

    name: ClassVar[str] = "conv1d-site-vectors"

    def vectors(self, dataset: Dataset, vocabulary: Vocabulary) -> Vectors:
        """Return a vector for each id: shape (words + 1, dimensions)."""
        return site_vectors(dataset, vocabulary, size=SITE_DIMENSIONS, seed=0)


@dataclass(frozen=True, kw_only=True)
class PretrainedConv1D(VectorConv1D):
    """Embeddings out of a file.

    Attributes:
        file: in the text format of word2vec or GloVe.
    """

    name: ClassVar[str] = "conv1d-pretrained"
    file: Path

    def vectors(self, dataset: Dataset, vocabulary: Vocabulary) -> Vectors:  # noqa: ARG002
        """Return a vector for each id: shape (words + 1, dimensions)."""
        return read_vectors(self.file, vocabulary)


COMPARED: Final[Mapping[str, System]] = {"conv1d-site-vectors": SiteVectorConv1D()}
