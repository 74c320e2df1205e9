"""The weighted mean of other systems' probabilities, as the article ends with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from core.errors import TrainingError
from trainer.data.corpus import Corpus
from trainer.data.dataset import Dataset
from trainer.data.splits import Rows
from trainer.systems.base import Tagger


@dataclass(frozen=True, slots=True)
class MeanTagger(Tagger):
    """Several taggers that read a corpus alike, and the weight of each."""

    taggers: tuple[Tagger, ...]
    weights: tuple[float, ...]

    def probabilities(self, corpus: Corpus, rows: Rows) -> npt.NDArray[np.float64]:
        """Return the weighted mean of the taggers' probabilities: shape (rows, labels)."""
        parts = [tagger.probabilities(corpus, rows) for tagger in self.taggers]
        return np.asarray(np.average(parts, axis=0, weights=self.weights))

    def size(self) -> int:
        """Return the bytes of all of them."""
        return sum(tagger.size() for tagger in self.taggers)

    def validation_rows(self, dataset: Dataset) -> Rows:
        """Return the rows that all of the taggers have been validated on, in the first's order."""
        rows, *others = (tagger.validation_rows(dataset) for tagger in self.taggers)
        shared = [np.isin(rows, other) for other in others]
        return rows[np.logical_and.reduce(shared)] if shared else rows

    def predict_validation(self, dataset: Dataset) -> npt.NDArray[np.float64]:
        """Return the weighted mean of what the taggers made of these before they learned them."""
        rows = self.validation_rows(dataset)
        parts = [_predict_some(tagger, dataset, rows) for tagger in self.taggers]
        return np.asarray(np.average(parts, axis=0, weights=self.weights))


def _predict_some(tagger: Tagger, dataset: Dataset, rows: Rows) -> npt.NDArray[np.float64]:
    """What a tagger says of some of its validation rows: shape (rows, labels)."""
    own = tagger.validation_rows(dataset)
    order = np.argsort(own)
    return tagger.predict_validation(dataset)[order[np.searchsorted(own, rows, sorter=order)]]


@dataclass(frozen=True)
class WeightedMean:
    """A mean of systems that are compared too, so that nothing is trained twice for it.

    Attributes:
        weights: by the names of the systems, which must read questions alike.
    """

    weights: Mapping[str, float]

    def combine(self, taggers: Mapping[str, Tagger]) -> MeanTagger:
        """Make a tagger of those that were trained.

        Raises:
            TrainingError: one of the systems is missing.
        """
        if missing := [name for name in self.weights if name not in taggers]:
            raise TrainingError(f"It is a mean with {', '.join(missing)}, which did not train.")
        own = tuple(taggers[name] for name in self.weights)
        return MeanTagger(own, tuple(self.weights.values()))


COMPARED: Final[Mapping[str, WeightedMean]] = {
    "weighted-mean": WeightedMean({"conv1d": 2, "simple": 1}),
}
