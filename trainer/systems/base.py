"""What a system is: something that learns from tagged questions to tag others."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from core.model.tokenizer import TextSettings
from trainer.data.corpus import Corpus
from trainer.data.dataset import Dataset
from trainer.data.splits import Rows
from trainer.progress import ProgressReporter


class Tagger(ABC):
    """A system that has learned.

    Attributes:
        validation_probabilities: the labels' for the validation part, from before it was learned
            from; None where it never was.
        out_of_fold_rows: where the validation part is too small, the rows of the corpus that those
            probabilities are of in its place, each of which was predicted from the others.
    """

    validation_probabilities: npt.NDArray[np.float64] | None = None
    out_of_fold_rows: Rows | None = None

    @abstractmethod
    def probabilities(self, corpus: Corpus, rows: Rows) -> npt.NDArray[np.float64]:
        """Return the labels' probabilities for rows of a corpus: shape (rows, labels)."""

    @abstractmethod
    def size(self) -> int:
        """Return the bytes of what was learned: weights and, where it has its own, words."""

    def training_rows(self, dataset: Dataset) -> Rows:
        """Return the rows of the corpus that were learned, but for those that validated alone."""
        return dataset.split.train if self.out_of_fold_rows is None else learned_rows(dataset)

    def validation_rows(self, dataset: Dataset) -> Rows:
        """Return the rows of the corpus that post-processing and thresholds are chosen by."""
        return dataset.split.validation if self.out_of_fold_rows is None else self.out_of_fold_rows

    def predict_validation(self, dataset: Dataset) -> npt.NDArray[np.float64]:
        """Return probabilities for the validation rows that were not learned from them.

        Thresholds are chosen by them; shape (rows, labels).
        """
        if self.validation_probabilities is not None:
            return self.validation_probabilities
        return self.probabilities(dataset.corpus, self.validation_rows(dataset))


class System(ABC):
    """A way to make a tagger; its attributes are its hyperparameters.

    Attributes:
        name: as it stands on the command line and in tables.
        text: how it reads questions; the corpus of its dataset is read so.
    """

    name: ClassVar[str]
    text: ClassVar[TextSettings]

    @abstractmethod
    def fit(self, dataset: Dataset, *, seed: int, reporter: ProgressReporter) -> Tagger:
        """Learn a dataset; the same dataset and seed give the same tagger.

            tagger = LogisticRegression().fit(dataset, seed=0, reporter=ProgressReporter())
            tagger.probabilities(dataset.corpus, dataset.split.test)

        Raises:
            TrainingError: nothing could be learned.
        """


def words_size(words: Iterable[str]) -> int:
    """Return the bytes of words in UTF-8, one a line."""
    return sum(len(word.encode()) + 1 for word in words)


def learned_rows(dataset: Dataset) -> Rows:
    """Return the rows of the training and the validation part."""
    return np.concatenate([dataset.split.train, dataset.split.validation])
