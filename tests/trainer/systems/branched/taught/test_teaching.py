"""A network that learns from a teacher, too."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from tests.trainer.made_up import NARROW, made_up_dataset
from tests.trainer.systems.branched.test_fitting import Killed, Killer, assert_same
from trainer.data.corpus import Corpus
from trainer.data.dataset import Dataset
from trainer.data.splits import Rows
from trainer.progress import ProgressReporter
from trainer.systems.branched.branches import expect_tags
from trainer.systems.branched.encoded_dataset import prepare
from trainer.systems.branched.fitting_run import FittingRun
from trainer.systems.branched.hyperparameters import FitHyperparameters, Hyperparameters
from trainer.systems.branched.system import BranchedNetwork
from trainer.systems.branched.taught.teaching import SoftTags, TeacherInputs
from trainer.systems.networks.keras_setup import import_keras, make_deterministic
from trainer.systems.networks.network import Network

TAGS = np.array([[0, 1], [1, 0], [0, 0]], np.uint8)
EXPECTED = np.array([[0.25, 0.75], [0.5, 0.5], [0, 1]], np.float16)


def test_soft_tags_are_both_by_their_shares() -> None:
    soft = SoftTags(TAGS, EXPECTED, 0.5)
    rows = np.array([2, 0])
    np.testing.assert_allclose(soft[rows], [[0, 0.5], [0.125, 0.875]])
    assert (soft.shape, soft[rows].dtype) == (TAGS.shape, soft.dtype)
    np.testing.assert_array_equal(SoftTags(TAGS, EXPECTED, 0.0)[rows], TAGS[rows])


SMALL = Hyperparameters(
    graph=replace(NARROW.graph, hidden=16),
    fit=FitHyperparameters(
        conv_epochs=1,
        conv_steps=1,
        reader_epochs=3,
        reader_steps=1,
        teacher_folds=2,
        fold_questions=0,
    ),
)


class Oracle:
    """A teacher whose vectors are the tags, or noise; it keeps how often it was asked."""

    digest = called = "oracle"

    def __init__(self, targets: npt.NDArray[np.uint8] | None) -> None:
        self.targets = targets

    def vectors(
        self,
        corpus: Corpus,  # noqa: ARG002
        rows: Rows,
        reporter: ProgressReporter,  # noqa: ARG002
    ) -> npt.NDArray[np.float16]:
        if self.targets is None:
            return np.random.default_rng(1).normal(size=(len(rows), 6)).astype(np.float16)
        return self.targets[rows].astype(np.float16)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return made_up_dataset(150)


@pytest.fixture(scope="module")
def taught(dataset: Dataset) -> BranchedNetwork:
    return BranchedNetwork(hyperparameters=SMALL, teacher=Oracle(dataset.targets))


@pytest.fixture(scope="module")
def whole(dataset: Dataset, taught: BranchedNetwork) -> Network:
    """Fitted without an interruption."""
    return taught.fit(dataset, seed=3, reporter=ProgressReporter())


fits = [
    pytest.mark.usefixtures("eager"),
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.slow(10),
    pytest.mark.training,
]


class TestFitting:
    """Fitted with a teacher."""

    pytestmark = fits

    @pytest.mark.parametrize(
        ("part", "number", "finished"), [("teacher 2 of 2", 2, 1), ("convolutions", 1, 5)]
    )
    def test_a_killed_one_is_resumed_to_the_same_weights(
        self,
        dataset: Dataset,
        taught: BranchedNetwork,
        whole: Network,
        tmp_path: Path,
        part: str,
        number: int,
        finished: int,
    ) -> None:
        with pytest.raises(Killed):
            taught.fit(dataset, seed=3, reporter=Killer(part, number), resume=tmp_path)
        reporter = Killer()
        assert_same(taught.fit(dataset, seed=3, reporter=reporter, resume=tmp_path), whole)
        assert reporter.notes == [
            f"Resuming an unfinished run: {finished} of 9 parts are finished."
        ]
        assert reporter.work[-1][0] == reporter.work[-1][1]

    def test_another_teachers_work_is_not_taken_for_its_own(
        self, dataset: Dataset, taught: BranchedNetwork, tmp_path: Path
    ) -> None:
        with pytest.raises(Killed):
            taught.fit(dataset, seed=3, reporter=Killer("convolutions", 1), resume=tmp_path)
        reporter = Killer("teacher 1 of 2", 1)
        other = replace(taught, teacher=Oracle(None))
        with pytest.raises(Killed):
            other.fit(dataset, seed=3, reporter=reporter, resume=tmp_path)
        assert reporter.notes == []

    def test_it_is_served_without_an_encoder_and_says_who_taught_it(
        self, dataset: Dataset, taught: BranchedNetwork, whole: Network
    ) -> None:
        alone = replace(taught, teacher=None)
        plain = alone.fit(dataset, seed=3, reporter=ProgressReporter())
        layers = [{one.name for one in network.keras.layers} for network in (plain, whole)]
        assert "told_sentences" in layers[1] - layers[0]
        assert plain.inputs == whole.inputs
        assert alone.manifest_hyperparameters()["teacher"] is None
        assert taught.manifest_hyperparameters()["teacher"] == "oracle"

    def test_what_it_expects_of_a_question_it_has_not_learned_by_heart(
        self, dataset: Dataset
    ) -> None:
        """Vectors of noise can be learned by heart, and help nobody with other questions."""
        told, noise = (self.expect(dataset, Oracle(one)) for one in (dataset.targets, None))
        assert told < 0.5 * noise
        assert noise > 0.3

    def expect(self, dataset: Dataset, teacher: Oracle) -> float:
        """The mean cross-entropy of what a teacher expects and the tags of the training part."""
        fit = FitHyperparameters(
            reader_epochs=12, reader_steps=1, reader_batch=16, reader_rate=1e-2, teacher_folds=2
        )
        graph = replace(SMALL.graph, hidden_dropout=0.0, document_dropout=0.0)
        hyperparameters = replace(SMALL, fit=fit, graph=graph)
        encoded = prepare(dataset, hyperparameters)
        vectors = teacher.vectors(dataset.corpus, encoded.rows, ProgressReporter())
        run = FittingRun(
            replace(encoded, vectors=vectors), hyperparameters, 3, ProgressReporter(), None
        )
        make_deterministic(import_keras(), 3)
        nothing = np.zeros((len(encoded), 4), np.float32)
        inputs = TeacherInputs(nothing, vectors)  # type: ignore[arg-type]
        expected = expect_tags(run, inputs)[encoded.train].astype(float).clip(1e-3, 1 - 1e-3)
        tags = encoded.tags[encoded.train]
        return -float(np.mean(np.where(tags == 1, np.log(expected), np.log(1 - expected))))


def test_the_teacher_sees_both_vectors_as_long_as_each_other() -> None:
    documents, vectors = np.eye(3, 4, dtype=np.float32), np.eye(3, dtype=np.float16)
    inputs = TeacherInputs(documents, vectors)  # type: ignore[arg-type]
    found = inputs[np.array([1, 2])]
    assert inputs.shape == (3, 7)
    np.testing.assert_array_equal(found[:, :4], documents[1:])
    np.testing.assert_array_equal(found[:, 4:], 8 * vectors[1:])
