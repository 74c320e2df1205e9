"""Linear systems and LightGBM: what they learn, and what they do where there is nothing."""

from dataclasses import replace

import numpy as np
import pytest

from tests.trainer.made_up import made_up_corpus, made_up_dataset
from trainer.data.dataset import Dataset
from trainer.progress import ProgressReporter
from trainer.systems import boosting, linear
from trainer.systems.base import System
from trainer.systems.boosting import LightGBM
from trainer.systems.linear import LinearSVM, LogisticRegression
from trainer.systems.tfidf import TfidfFeatures

SYSTEMS: dict[str, System] = {**linear.COMPARED, **boosting.COMPARED}


def without_training_examples(dataset: Dataset, label: int) -> Dataset:
    targets = dataset.targets.copy()
    targets[np.concatenate([dataset.split.train, dataset.split.validation]), label] = 0
    return replace(dataset, targets=targets)


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


def test_a_corpus_of_other_words_is_read_by_words_and_not_by_their_numbers() -> None:
    dataset = made_up_dataset(200)
    tagger = LogisticRegression().fit(dataset, seed=0, reporter=ProgressReporter())
    other = made_up_corpus(201)  # its words have other numbers
    rows = np.arange(100)
    best = tagger.probabilities(other, rows).argmax(axis=1)
    right = [
        dataset.labels[label] in other.tags[row] for row, label in zip(rows, best, strict=True)
    ]
    assert np.mean(right) > 0.9


def test_pairs_of_words_and_the_title_have_columns_of_their_own() -> None:
    dataset = made_up_dataset(200)
    one, matrix = TfidfFeatures.fit(dataset.corpus, dataset.split.train, "text")
    two, wider = TfidfFeatures.fit(dataset.corpus, dataset.split.train, "title+text")
    assert any(" " in term for term in one.vectorizers[0].vocabulary_)
    assert matrix.shape[1] < wider.shape[1]
    assert wider.shape == two.matrix(dataset.corpus, dataset.split.train).shape
