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

    def predict_validation(self, dataset: Dataset) -> npt.NDArray[np.float64]:
        """Return the weighted mean of what the taggers made of it before they learned from it."""
        parts = [tagger.predict_validation(dataset) for tagger in self.taggers]
        return np.asarray(np.average(parts, axis=0, weights=self.weights))


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
