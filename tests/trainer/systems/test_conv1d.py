"""The article's Conv1D with other inputs, embeddings and training parts: each trains and tags."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.trainer.made_up import TAGS, made_up_dataset
from trainer.progress import ProgressReporter
from trainer.systems.base import System
from trainer.systems.conv1d import Conv1DNetwork, TwoInputConv1D
from trainer.systems.networks.keras_setup import import_keras
from trainer.systems.resampling import BalancedSubsets, Resampled
from trainer.systems.word_vectors import PretrainedConv1D, SiteVectorConv1D

# Keras' own conversions of tensors, under NumPy 2.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.training,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

EPOCHS = 10


def pretrained(folder: Path) -> System:
    file = folder / "vectors.txt"
    words = [f"{tag.strip('+')}{number}" for tag in TAGS for number in range(3)]
    axes = np.eye(len(TAGS), dtype=int).repeat(3, axis=0).tolist()
    file.write_text(
        "".join(
            f"{word} {' '.join(map(str, axis))}\n" for word, axis in zip(words, axes, strict=True)
        )
    )
    return PretrainedConv1D(file=file, epochs=EPOCHS)


VARIANTS: dict[str, Callable[[Path], System]] = {
    "two inputs": lambda _: TwoInputConv1D(epochs=EPOCHS),
    "site vectors": lambda _: SiteVectorConv1D(epochs=EPOCHS),
    "pretrained": pretrained,
    "over-sampled": lambda _: Resampled(direction="over", system=Conv1DNetwork(epochs=EPOCHS)),
    "under-sampled": lambda _: Resampled(direction="under", system=Conv1DNetwork(epochs=EPOCHS)),
    "subsets": lambda _: BalancedSubsets(members=2, system=Conv1DNetwork(epochs=EPOCHS)),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_learns_and_tags(name: str, tmp_path: Path) -> None:
    import_keras()
    dataset = made_up_dataset(300)
    tagger = VARIANTS[name](tmp_path).fit(dataset, seed=0, reporter=ProgressReporter())
    rows = dataset.split.test
    found = tagger.probabilities(dataset.corpus, rows)
    assert found.shape == (len(rows), len(dataset.labels))
    assert np.isfinite(found).all()
    assert tagger.size() > 10_000
    targets = dataset.targets[rows]
    first = targets[np.arange(len(rows)), found.argmax(axis=1)]
    assert first.mean() > 2 * targets.mean(axis=0).max()  # the commonest tag for all: .28
