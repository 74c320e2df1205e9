"""What the systems of other projects have in common."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from trainer.data.corpus import Corpus
from trainer.data.dataset import Dataset
from trainer.data.splits import Rows
from trainer.progress import ProgressReporter
from trainer.systems.base import System, Tagger, learned_rows


@dataclass(frozen=True, kw_only=True)
class PeerTagger(Tagger):
    """What a system of another project has learned."""

    validation_probabilities: npt.NDArray[np.float64] | None = None


class PeerSystem(System):
    """A system of another project, which may not be here.

    Attributes:
        package: that it takes.
        installation: what brings it, as the end of a sentence.
    """

    package: ClassVar[str]
    installation: ClassVar[str] = 'pip install ".[trainer,peers]"'

    def is_installed(self) -> bool:
        """Whether it can be trained here; imports nothing."""
        return find_spec(self.package) is not None

    @abstractmethod
    def fit_rows(self, dataset: Dataset, rows: Rows, *, seed: int) -> PeerTagger:
        """Learn from rows of a dataset."""

    def fit(self, dataset: Dataset, *, seed: int, reporter: ProgressReporter) -> PeerTagger:
        """Learn a dataset, first without the validation part and then with it."""
        first = self.fit_rows(dataset, dataset.split.train, seed=seed)
        reporter.batch(1, 2)
        before = first.predict_validation(dataset)
        del first  # fastText's vectors may be hundreds of megabytes
        whole = self.fit_rows(dataset, learned_rows(dataset), seed=seed)
        reporter.batch(2, 2)
        return replace(whole, validation_probabilities=before)


def texts(corpus: Corpus, rows: Rows) -> Iterator[str]:
    """Title and body of each row as one line of words."""
    for row in rows:
        ids = (*corpus.titles[row], *corpus.bodies[row])
        yield " ".join(corpus.lexicon[word] for word in ids)
