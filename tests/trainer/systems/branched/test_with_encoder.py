"""A network that reads an encoder's sentence vector when it is served."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from core.errors import TrainingError
from core.model.predictor import Model
from core.model.sentences.reading import SentenceInput
from tests.trainer.made_up import bundle_of, made_up_dataset
from tests.trainer.systems.branched.taught.test_teaching import SMALL, fits
from tests.trainer.systems.branched.test_fitting import Killed, Killer, assert_same
from trainer.data.corpus import Corpus
from trainer.data.dataset import Dataset
from trainer.data.splits import Rows
from trainer.progress import ProgressReporter
from trainer.systems.branched.with_encoder import BranchedEncoderNetwork
from trainer.systems.networks.network import Network

SIZE = 6


class Knowing:
    """An encoder whose vectors are the tags of the dataset's questions."""

    digest, called = "0" * 64, "knowing"

    def __init__(self, dataset: Dataset) -> None:
        self.targets = dataset.targets

    def vectors(
        self,
        corpus: Corpus,  # noqa: ARG002
        rows: Rows,
        reporter: ProgressReporter,  # noqa: ARG002
    ) -> npt.NDArray[np.float16]:
        known = self.targets[rows].astype(np.float16)
        return np.pad(known, ((0, 0), (0, SIZE - known.shape[1])))


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return made_up_dataset(150)


@pytest.fixture(scope="module")
def system(dataset: Dataset) -> BranchedEncoderNetwork:
    graph = replace(SMALL.graph, readers=2)
    fit = replace(SMALL.fit, reader_epochs=12, reader_batch=16, reader_rate=1e-2)
    return BranchedEncoderNetwork(
        hyperparameters=replace(SMALL, graph=graph, fit=fit), teacher=Knowing(dataset)
    )


@pytest.fixture(scope="module")
def whole(dataset: Dataset, system: BranchedEncoderNetwork) -> Network:
    """Fitted without an interruption."""
    return system.fit(dataset, seed=3, reporter=ProgressReporter())


class TestFitted:
    """Fitted with an encoder."""

    pytestmark = fits

    def test_what_the_sentence_says_decides_also_where_it_is_served(
        self, dataset: Dataset, system: BranchedEncoderNetwork, whole: Network, tmp_path: Path
    ) -> None:
        bundle = bundle_of(whole, system, dataset, tmp_path)
        assert bundle.manifest.format_version == 5
        assert bundle.manifest.sentence == SentenceInput(
            name="sentence", length=SIZE, encoder="0" * 64, called="knowing"
        )
        model = Model(bundle, encoders=None)
        labels = len(dataset.labels)
        vectors = np.eye(labels, SIZE, dtype=np.float32)
        found = model.run(model.encode([([], [])] * labels, vectors))
        assert (found.diagonal() > 1.2 * found.mean(axis=0)).all()  # of what each one is told

    def test_a_killed_one_is_resumed_to_the_same_weights(
        self, dataset: Dataset, system: BranchedEncoderNetwork, whole: Network, tmp_path: Path
    ) -> None:
        with pytest.raises(Killed):
            system.fit(dataset, seed=3, reporter=Killer("reader 2 of 2", 1), resume=tmp_path)
        reporter = Killer()
        assert_same(system.fit(dataset, seed=3, reporter=reporter, resume=tmp_path), whole)
        assert reporter.notes == ["Resuming an unfinished run: 2 of 8 parts are finished."]
        assert reporter.work[-1][0] == reporter.work[-1][1]


def test_without_an_encoder_it_says_what_to_do(dataset: Dataset) -> None:
    with pytest.raises(TrainingError, match="branched-encoder reads a sentence encoder: set TAGGE"):
        BranchedEncoderNetwork(hyperparameters=SMALL).fit(
            dataset, seed=0, reporter=ProgressReporter()
        )
