"""The article's other remedies for rare tags: resampling, and averaging over balanced subsets.

imbalanced-learn balances classes, of which a row has one. A question of several tags is taken to
be of the class of its rarest one: drawing it more often, or keeping it, serves that tag most.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Final, Literal

import numpy as np
import numpy.typing as npt

from core.model.tokenizer import TextSettings
from trainer.data.dataset import Dataset
from trainer.data.splits import Rows
from trainer.progress import ProgressReporter
from trainer.systems.base import System, Tagger
from trainer.systems.conv1d import Conv1DNetwork
from trainer.systems.mean import MeanTagger

Direction = Literal["over", "under"]


def rarest_labels(targets: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Return the rarest label of each row: shape (rows,)."""
    counts = targets.sum(axis=0, dtype=np.int64)
    own = np.where(targets == 1, counts, np.iinfo(np.int64).max)
    return np.asarray(own.argmin(axis=1), np.int64)


def balance(targets: npt.NDArray[np.uint8], direction: Direction, seed: int) -> Rows:
    """Return places of rows that balance labels: rows of small classes again, or large ones cut.

    The median class sets the measure. Up to the largest, a rare tag's few questions would be
    learned by heart; down to the smallest, next to nothing would stay.

    Args:
        targets: shape (rows, labels); each row has a label.
        direction: "over" repeats rows of classes below the median, "under" drops rows above it.
        seed: of the choice.
    """
    from imblearn.over_sampling import RandomOverSampler  # noqa: PLC0415
    from imblearn.under_sampling import RandomUnderSampler  # noqa: PLC0415

    classes = rarest_labels(targets)
    counts = Counter(classes.tolist())
    median = int(np.median(list(counts.values())))
    strategy: dict[int, int]
    if direction == "over":
        strategy = {label: median for label, count in counts.items() if count < median}
        sampler: Any = RandomOverSampler(sampling_strategy=strategy, random_state=seed)
    else:
        strategy = {label: median for label, count in counts.items() if count > median}
        sampler = RandomUnderSampler(sampling_strategy=strategy, random_state=seed)
    places = np.arange(len(targets))
    if strategy and len(counts) > 1:
        sampler.fit_resample(places[:, None], classes)
        places = sampler.sample_indices_
    return np.random.default_rng(seed).permutation(places)


def _resampled(dataset: Dataset, direction: Direction, seed: int) -> Dataset:
    train = dataset.split.train
    chosen = train[balance(dataset.targets[train], direction, seed)]
    return replace(dataset, split=replace(dataset.split, train=chosen))


@dataclass(frozen=True, kw_only=True)
class Resampled(System):
    """A system that learns from a balanced choice of the training part."""

    name: ClassVar[str] = "resampled"
    text: ClassVar[TextSettings] = Conv1DNetwork.text
    direction: Direction
    system: System = field(default_factory=Conv1DNetwork)

    def fit(self, dataset: Dataset, *, seed: int, reporter: ProgressReporter) -> Tagger:
        """Learn a dataset."""
        return self.system.fit(
            _resampled(dataset, self.direction, seed), seed=seed, reporter=reporter
        )


@dataclass(frozen=True, kw_only=True)
class BalancedSubsets(System):
    """The mean of systems that learn from balanced subsets, each another one.

    Attributes:
        members: how many.
    """

    name: ClassVar[str] = "balanced-subsets"
    text: ClassVar[TextSettings] = Conv1DNetwork.text
    members: int = 3
    system: System = field(default_factory=Conv1DNetwork)

    def fit(self, dataset: Dataset, *, seed: int, reporter: ProgressReporter) -> MeanTagger:
        """Learn a dataset."""
        taggers = []
        for member in range(self.members):
            reporter.stage(f"balanced subset {member + 1} of {self.members}")
            subset = _resampled(dataset, "under", seed + member)
            taggers.append(self.system.fit(subset, seed=seed + member, reporter=reporter))
        return MeanTagger(tuple(taggers), (1.0,) * self.members)


COMPARED: Final[Mapping[str, System]] = {
    "conv1d-oversampled": Resampled(direction="over"),
    "conv1d-undersampled": Resampled(direction="under"),
    "conv1d-balanced-subsets": BalancedSubsets(),
}
