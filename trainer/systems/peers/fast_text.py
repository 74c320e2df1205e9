"""fastText: the mean of vectors of words and of pairs of words, and a sigmoid for each label.

Joulin, Grave, Bojanowski and Mikolov, 2016, "Bag of Tricks for Efficient Text Classification".
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt

from core.model.tokenizer import TextSettings
from trainer.data.corpus import Corpus
from trainer.data.dataset import Dataset
from trainer.data.splits import Rows
from trainer.systems.base import words_size
from trainer.systems.peers.peer import PeerSystem, PeerTagger, texts
from trainer.systems.tfidf import TEXT

_LABEL: Final = "__label__"  # no word of a text looks so: TEXT splits at underscores


@dataclass(frozen=True, kw_only=True)
class FastTextTagger(PeerTagger):
    """A model of fastText's.

    Attributes:
        model: fastText's own; its labels are the places of ours.
        labels: how many there are.
    """

    model: Any
    labels: int

    def probabilities(self, corpus: Corpus, rows: Rows) -> npt.NDArray[np.float64]:
        """Return the labels' probabilities for rows of a corpus: shape (rows, labels)."""
        found = np.zeros((len(rows), self.labels))
        answers = self.model.predict(list(texts(corpus, rows)), k=-1)
        for row, (names, probabilities) in enumerate(zip(*answers, strict=True)):
            found[row, [int(name.removeprefix(_LABEL)) for name in names]] = probabilities
        return np.clip(found, 0, 1)  # its sigmoid is looked up in a table, and 1e-5 too high

    def size(self) -> int:
        """Return the bytes of the vectors and of the words."""
        vectors = (self.model.get_input_matrix(), self.model.get_output_matrix())
        return sum(int(matrix.nbytes) for matrix in vectors) + words_size(self.model.get_words())


@dataclass(frozen=True, kw_only=True)
class FastText(PeerSystem):
    """fastText, tuned on the validation part of a site (docs/comparison.md).

    Attributes:
        rate: learning rate at the start; it falls to nothing.
        epochs: over the questions.
        dimensions: of a vector.
        pairs: how many words that follow each other have a vector of their own, at most.
        parts: letters of the parts of words, from and to; (0, 0) for none.
        buckets: vectors that pairs and parts share, by their hash.
    """

    name: ClassVar[str] = "fasttext"
    package: ClassVar[str] = "fasttext"
    text: ClassVar[TextSettings] = TEXT
    rate: float = 0.5
    epochs: int = 25
    dimensions: int = 100
    pairs: int = 2
    parts: tuple[int, int] = (0, 0)
    buckets: int = 200_000

    def fit_rows(self, dataset: Dataset, rows: Rows, *, seed: int) -> FastTextTagger:
        """Learn from rows of a dataset, through a file of theirs, by one thread.

        More threads write into the same vectors as they come, so that no two fits are equal. One
        thread draws only a tenth of the first vectors, and the others start as what the memory
        holds: zeros in a table beyond 32 MiB, which malloc has mapped anew, and in a smaller one
        anything, up to "Encountered NaN". So the buckets stay many, also for a small site.
        """
        import fasttext  # noqa: PLC0415 (an extra)

        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "train.txt"
            _write(file, dataset, rows)
            model = fasttext.train_supervised(
                str(file),
                lr=self.rate,
                epoch=self.epochs,
                dim=self.dimensions,
                wordNgrams=self.pairs,
                minn=self.parts[0],
                maxn=self.parts[1],
                bucket=self.buckets,
                minCount=2,
                loss="ova",
                seed=seed,
                thread=1,
                verbose=0,
            )
        return FastTextTagger(model=model, labels=len(dataset.labels))


def _write(file: Path, dataset: Dataset, rows: Rows) -> None:
    """Write a question a line: its labels' places, then its words."""
    with file.open("w", encoding="utf-8") as lines:
        each = zip(texts(dataset.corpus, rows), dataset.targets[rows], strict=True)
        for text, targets in each:
            labels = [f"{_LABEL}{place}" for place in np.flatnonzero(targets)]
            lines.write(f"{' '.join(labels)} {text}\n")
