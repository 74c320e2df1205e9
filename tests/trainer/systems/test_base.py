"""What every system promises, by those that are fitted in a moment."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from tests.trainer.made_up import made_up_dataset
from trainer.data.corpus import Corpus
from trainer.data.dataset import Dataset
from trainer.data.splits import Rows
from trainer.progress import ProgressReporter
from trainer.systems import boosting, linear
from trainer.systems.base import System, Tagger, learned_rows, words_size
from trainer.systems.boosting import LightGBM
from trainer.systems.linear import LinearSVM, LogisticRegression

SYSTEMS: dict[str, System] = {**linear.COMPARED, **boosting.COMPARED}


def without_training_examples(dataset: Dataset, label: int) -> Dataset:
    targets = dataset.targets.copy()
    targets[np.concatenate([dataset.split.train, dataset.split.validation]), label] = 0
    return replace(dataset, targets=targets)


@pytest.mark.slow
@pytest.mark.parametrize("name", SYSTEMS)
def test_tags_that_stand_in_the_text_are_found(name: str) -> None:
    dataset = made_up_dataset(400)
    tagger = SYSTEMS[name].fit(dataset, seed=0, reporter=ProgressReporter())
    rows = dataset.split.test
    probabilities = tagger.probabilities(dataset.corpus, rows)
    right = dataset.targets[rows, probabilities.argmax(axis=1)]
    assert right.mean() > 0.9
    assert probabilities.shape == (len(rows), len(dataset.labels))
    assert 0 <= probabilities.min() <= probabilities.max() <= 1
    assert tagger.size() > 1000


@pytest.mark.parametrize("system", [LogisticRegression(), LinearSVM(), LightGBM(trees=3)])
def test_the_same_seed_gives_the_same_tagger(system: System) -> None:
    dataset = made_up_dataset(200)
    first, second = (system.fit(dataset, seed=3, reporter=ProgressReporter()) for _ in range(2))
    rows = dataset.split.test
    assert np.array_equal(
        first.probabilities(dataset.corpus, rows), second.probabilities(dataset.corpus, rows)
    )


@pytest.mark.parametrize("system", [LogisticRegression(), LinearSVM(), LightGBM(trees=3)])
def test_a_tag_that_no_question_to_learn_from_has_is_never_likely(system: System) -> None:
    dataset = without_training_examples(made_up_dataset(200), label=2)
    tagger = system.fit(dataset, seed=0, reporter=ProgressReporter())
    assert tagger.probabilities(dataset.corpus, dataset.split.test)[:, 2].max() < 0.1


@pytest.mark.parametrize("system", [LogisticRegression(), LinearSVM(), LightGBM(trees=3)])
def test_thresholds_are_chosen_by_what_was_not_learned_from(system: System) -> None:
    dataset = made_up_dataset(200)
    tagger = system.fit(dataset, seed=0, reporter=ProgressReporter())
    rows = dataset.split.validation
    assert tagger.validation_probabilities is not None
    assert tagger.predict_validation(dataset).shape == (len(rows), len(dataset.labels))
    assert not np.allclose(
        tagger.predict_validation(dataset), tagger.probabilities(dataset.corpus, rows)
    )


class Constant(Tagger):
    """A tagger that never saw the validation part."""

    def probabilities(self, corpus: Corpus, rows: Rows) -> npt.NDArray[np.float64]:
        assert len(corpus) >= len(rows)
        return np.tile(rows[:, None] / 1000, (1, 2))

    def size(self) -> int:
        return 0


def test_a_tagger_that_has_not_learned_the_validation_part_tags_it_as_any_other() -> None:
    dataset = made_up_dataset(100)
    expected = dataset.split.validation / 1000
    assert np.array_equal(Constant().predict_validation(dataset)[:, 1], expected)


def test_one_that_is_cross_validated_has_all_questions_for_training_and_for_validation() -> None:
    dataset, tagger = made_up_dataset(100), Constant()
    assert tagger.training_rows(dataset) is dataset.split.train
    tagger.out_of_fold_rows = learned_rows(dataset)[::-1]
    assert np.array_equal(tagger.training_rows(dataset), learned_rows(dataset))
    told = tagger.predict_validation(dataset)[:, 1]  # calibrated: what was said before is gone
    assert np.array_equal(told, tagger.validation_rows(dataset) / 1000)


def test_what_is_learned_from_is_not_what_is_tested_on() -> None:
    split = made_up_dataset(100).split
    learned = set(learned_rows(made_up_dataset(100)).tolist())
    assert learned == {*split.train.tolist(), *split.validation.tolist()}
    assert not learned & set(split.test.tolist())


def test_the_size_of_words_is_counted_in_bytes() -> None:
    assert words_size(["é", "ab"]) == 6
