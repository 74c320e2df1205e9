"""What every system of another project does alike: it judges what it has not learned from."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from core.model.tokenizer import TextSettings
from tests.trainer.made_up import made_up_dataset
from trainer.data.corpus import Corpus
from trainer.data.dataset import Dataset
from trainer.data.splits import Rows
from trainer.progress import ProgressReporter
from trainer.systems.base import learned_rows
from trainer.systems.peers.peer import PeerSystem, PeerTagger


@dataclass(frozen=True, kw_only=True)
class Remembering(PeerTagger):
    """Says of how many questions it has learned."""

    learned: int

    def probabilities(self, corpus: Corpus, rows: Rows) -> npt.NDArray[np.float64]:
        return np.full((len(rows), 1), self.learned / len(corpus))

    def size(self) -> int:
        return 1


class Memory(PeerSystem):
    """Takes a package that is everywhere."""

    name: ClassVar[str] = "memory"
    package: ClassVar[str] = "json"
    text: ClassVar[TextSettings] = TextSettings()

    def fit_rows(self, dataset: Dataset, rows: Rows, *, seed: int) -> Remembering:  # noqa: ARG002
        return Remembering(learned=len(rows) + seed)


def test_thresholds_are_chosen_by_what_was_learned_without_the_validation_part() -> None:
    class Counting(ProgressReporter):
        def batch(self, done: int, of: int) -> None:
            seen.append((done, of))

    seen: list[tuple[int, int]] = []
    dataset = made_up_dataset(100)
    tagger = Memory().fit(dataset, seed=3, reporter=Counting())
    split = dataset.split
    before, after = (
        tagger.predict_validation(dataset),
        tagger.probabilities(dataset.corpus, split.validation),
    )
    assert (before == (len(split.train) + 3) / 100).all()
    assert (after == (len(learned_rows(dataset)) + 3) / 100).all()
    assert seen == [(1, 2), (2, 2)]


def test_it_is_here_where_its_package_is() -> None:
    class Absent(Memory):
        package: ClassVar[str] = "no_such_package"

    assert Memory().is_installed()
    assert not Absent().is_installed()
