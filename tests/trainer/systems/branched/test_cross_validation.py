"""A site of few questions is cross-validated: each of them is predicted from the others."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from core.errors import TrainingError
from core.model.tokenizer import TextSettings
from tests.trainer.made_up import NARROW, TAGS, labelled, made_up_dataset, made_up_questions
from tests.trainer.systems.branched.taught.test_teaching import Oracle
from tests.trainer.systems.branched.test_fitting import Killed, Killer, assert_same
from trainer.data.corpus import read_corpus
from trainer.data.dataset import Dataset, DatasetOptions, make_dataset
from trainer.data.splits import Rows
from trainer.evaluation.post_processing import add_post_processing
from trainer.progress import Epoch, ProgressReporter
from trainer.systems.base import learned_rows
from trainer.systems.branched.encoded_dataset import prepare, prepare_fold
from trainer.systems.branched.hyperparameters import FitHyperparameters, Hyperparameters
from trainer.systems.branched.system import BranchedNetwork
from trainer.systems.branched.with_encoder import BranchedEncoderNetwork
from trainer.systems.networks.network import Network

# Keras' own conversions of tensors, under NumPy 2.
pytestmark = [
    pytest.mark.usefixtures("eager"),
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.slow(8),
    pytest.mark.training,
]

SMALL = Hyperparameters(
    graph=replace(NARROW.graph, hidden=64, document_dropout=0.0, hidden_dropout=0.0),
    fit=FitHyperparameters(reader_epochs=20, reader_steps=1, reader_rate=2e-2, folds=3),
)
SYSTEM = BranchedNetwork(hyperparameters=SMALL)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return made_up_dataset(150)


@pytest.fixture(scope="module")
def whole(dataset: Dataset) -> Network:
    """Fitted without an interruption."""
    return SYSTEM.fit(dataset, seed=3, reporter=ProgressReporter())


def hits(dataset: Dataset, found: npt.NDArray[np.float64], rows: Rows) -> float:
    """The share of questions whose most probable label is one of theirs."""
    return float(np.take_along_axis(dataset.targets[rows], found.argmax(1)[:, None], 1).mean())


def test_every_question_is_predicted_once(dataset: Dataset, whole: Network) -> None:
    rows, found = whole.validation_rows(dataset), whole.predict_validation(dataset)
    assert sorted(rows) == sorted(learned_rows(dataset))
    assert found.shape == (len(rows), len(dataset.labels))
    assert hits(dataset, found, rows) > 0.8
    test = dataset.split.test
    assert hits(dataset, whole.probabilities(dataset.corpus, test), test) > 0.8
    assert not any("convolutions" in epoch.part for epoch in whole.epochs)
    named = add_post_processing(whole, dataset)  # by all of them
    assert len(named.predict_validation(dataset)) == len(rows)


def test_a_loss_that_is_no_number_ends_it(dataset: Dataset) -> None:
    fit = replace(SMALL.fit, reader_epochs=1, reader_rate=float("nan"))
    with pytest.raises(TrainingError, match="its loss is not a number"):
        BranchedNetwork(hyperparameters=replace(SMALL, fit=fit)).fit(
            dataset, seed=3, reporter=ProgressReporter()
        )


def test_a_site_with_more_questions_has_a_validation_part(dataset: Dataset) -> None:
    fit = replace(SMALL.fit, fold_questions=120, reader_epochs=1, conv_epochs=1, conv_steps=1)
    larger = BranchedNetwork(hyperparameters=replace(SMALL, fit=fit)).fit(
        dataset, seed=3, reporter=ProgressReporter()
    )
    assert larger.validation_rows(dataset) is dataset.split.validation
    assert len(larger.predict_validation(dataset)) == len(dataset.split.validation)
    assert any("convolutions" in epoch.part for epoch in larger.epochs)


def test_what_is_learned_by_heart_is_not_predicted() -> None:
    """Tags that have nothing to do with the text: each fold is as new as a question to come."""
    questions = [labelled(question) for question in made_up_questions(150)]
    dice = np.random.default_rng(0).integers(0, len(TAGS), 150)
    drawn = (replace(one, tags=(TAGS[tag],)) for one, tag in zip(questions, dice, strict=True))
    corpus = read_corpus("fruit", drawn, TextSettings())
    noise = make_dataset(corpus, DatasetOptions(min_questions=50))
    network = SYSTEM.fit(noise, seed=3, reporter=ProgressReporter())
    rows, found = network.validation_rows(noise), network.predict_validation(noise)
    assert hits(noise, network.probabilities(corpus, rows), rows) > 0.8  # by heart
    assert hits(noise, found, rows) < 0.35  # a sixth is chance
    chance = -(np.log(1 / 6) + 5 * np.log(5 / 6)) / 6
    told = np.where(noise.targets[rows] == 1, found, 1 - found)
    assert (
        -np.log(told).mean() < chance + 0.01
    )  # the sum has learned that its branches know nothing


def test_words_of_a_fold_are_as_unknown_as_those_of_new_questions(dataset: Dataset) -> None:
    encoded = prepare(dataset, SMALL)
    lexicon = dataset.corpus.lexicon
    known = set(encoded.vocabulary.words)
    held_out = np.array(
        [
            place
            for place, row in enumerate(encoded.rows)
            if "apples1" in {lexicon[word] for word in dataset.corpus.titles[row]}
            or "apples1" in {lexicon[word] for word in dataset.corpus.bodies[row]}
        ]
    )
    assert "apples1" in known
    assert 0 < len(held_out) < len(encoded)
    fold = prepare_fold(dataset, encoded, held_out, SMALL)
    assert "apples1" not in fold.vocabulary.words
    assert set(fold.vocabulary.words) < known
    np.testing.assert_array_equal(fold.validation, held_out)
    np.testing.assert_array_equal(np.sort(np.append(fold.train, held_out)), np.arange(len(encoded)))
    assert fold.bag.shape == (len(encoded), fold.word_ids)
    np.testing.assert_array_equal(fold.tags, encoded.tags)


def test_a_killed_one_is_resumed_to_the_same_network(
    dataset: Dataset, whole: Network, tmp_path: Path
) -> None:
    killer = Killer("reader 1 of 1 without fold 2 of 3", 1)
    with pytest.raises(Killed):
        SYSTEM.fit(dataset, seed=3, reporter=killer, resume=tmp_path)
    reporter = Killer()
    resumed = SYSTEM.fit(dataset, seed=3, reporter=reporter, resume=tmp_path)
    assert_same(resumed, whole)
    np.testing.assert_array_equal(resumed.validation_rows(dataset), whole.validation_rows(dataset))
    assert reporter.notes == ["Resuming an unfinished run: 5 of 8 parts are finished."]
    assert reporter.work[-1][0] == reporter.work[-1][1]
    assert list(tmp_path.iterdir()) == [resumed.checkpoints]


class Stopper(Killer):
    """Presses Ctrl-C at a part."""

    def epoch(self, epoch: Epoch) -> None:
        if epoch.part == self.part:
            raise KeyboardInterrupt


def test_ctrl_c_keeps_the_folds_that_are_finished(dataset: Dataset, whole: Network) -> None:
    reporter = Stopper("reader 1 of 1 without fold 3 of 3")
    stopped = SYSTEM.fit(dataset, seed=3, reporter=reporter)
    assert reporter.notes == ["Stopped; going on with the best so far."]
    rows = stopped.validation_rows(dataset)
    count = len(whole.validation_rows(dataset))
    np.testing.assert_array_equal(rows, whole.validation_rows(dataset)[: len(rows)])
    assert len(rows) == count * 2 // 3
    assert stopped.predict_validation(dataset).shape == (len(rows), len(dataset.labels))
    with pytest.raises(KeyboardInterrupt):  # nothing is there by which to weigh branches
        SYSTEM.fit(dataset, seed=3, reporter=Stopper("reader 1 of 1 without fold 1 of 3"))


@pytest.mark.parametrize(
    ("system", "taught"), [(BranchedNetwork, True), (BranchedEncoderNetwork, False)]
)
def test_a_teacher_learns_each_fold_and_an_encoder_is_read_in_it(
    dataset: Dataset, system: type[BranchedNetwork], taught: bool
) -> None:
    fit = replace(SMALL.fit, folds=2, teacher_folds=2, reader_epochs=2)
    teacher, reporter = Oracle(dataset.targets), Killer()
    teacher.digest = "0" * 64
    network = system(hyperparameters=replace(SMALL, fit=fit), teacher=teacher).fit(
        dataset, seed=3, reporter=reporter
    )
    parts = {epoch.part for epoch in reporter.epochs}
    assert "reader 1 of 1 without fold 2 of 2" in parts
    assert ("teacher 2 of 2 without fold 2 of 2" in parts) is taught
    assert reporter.work[-1][0] == reporter.work[-1][1]
    assert sorted(network.validation_rows(dataset)) == sorted(learned_rows(dataset))
