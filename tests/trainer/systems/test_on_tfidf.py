"""Linear systems and LightGBM: what they learn, and what they do where there is nothing."""

from dataclasses import replace

import numpy as np
import pytest

from tests.trainer.made_up import made_up_corpus, made_up_task
from trainer.progress import Watch
from trainer.systems import boosting, linear
from trainer.systems.base import System, Task
from trainer.systems.boosting import LightGBM
from trainer.systems.linear import LinearSVM, LogisticRegression
from trainer.systems.tfidf import TfidfFeatures

SYSTEMS: dict[str, System] = {**linear.COMPARED, **boosting.COMPARED}


def without_training_examples(task: Task, label: int) -> Task:
    targets = task.targets.copy()
    targets[np.concatenate([task.split.train, task.split.validation]), label] = 0
    return replace(task, targets=targets)


@pytest.mark.parametrize("name", SYSTEMS)
def test_tags_that_stand_in_the_text_are_found(name: str) -> None:
    task = made_up_task(400)
    tagger = SYSTEMS[name].fit(task, seed=0, watch=Watch())
    rows = task.split.test
    probabilities = tagger.probabilities(task.corpus, rows)
    right = task.targets[rows, probabilities.argmax(axis=1)]
    assert right.mean() > 0.9
    assert probabilities.shape == (len(rows), len(task.labels))
    assert 0 <= probabilities.min() <= probabilities.max() <= 1
    assert tagger.size() > 1000


@pytest.mark.parametrize("system", [LogisticRegression(), LinearSVM(), LightGBM(trees=3)])
def test_the_same_seed_gives_the_same_tagger(system: System) -> None:
    task = made_up_task(200)
    first, second = (system.fit(task, seed=3, watch=Watch()) for _ in range(2))
    rows = task.split.test
    assert np.array_equal(
        first.probabilities(task.corpus, rows), second.probabilities(task.corpus, rows)
    )


@pytest.mark.parametrize("system", [LogisticRegression(), LinearSVM(), LightGBM(trees=3)])
def test_a_tag_that_no_question_to_learn_from_has_is_never_likely(system: System) -> None:
    task = without_training_examples(made_up_task(200), label=2)
    tagger = system.fit(task, seed=0, watch=Watch())
    assert tagger.probabilities(task.corpus, task.split.test)[:, 2].max() < 0.1


@pytest.mark.parametrize("system", [LogisticRegression(), LinearSVM(), LightGBM(trees=3)])
def test_thresholds_are_chosen_by_what_was_not_learned_from(system: System) -> None:
    task = made_up_task(200)
    tagger = system.fit(task, seed=0, watch=Watch())
    rows = task.split.validation
    assert tagger.held_out is not None
    assert tagger.unseen(task).shape == (len(rows), len(task.labels))
    assert not np.allclose(tagger.unseen(task), tagger.probabilities(task.corpus, rows))


def test_a_corpus_of_other_words_is_read_by_words_and_not_by_their_numbers() -> None:
    task = made_up_task(200)
    tagger = LogisticRegression().fit(task, seed=0, watch=Watch())
    other = made_up_corpus(201)  # its words have other numbers
    rows = np.arange(100)
    best = tagger.probabilities(other, rows).argmax(axis=1)
    right = [task.labels[label] in other.tags[row] for row, label in zip(rows, best, strict=True)]
    assert np.mean(right) > 0.9


def test_pairs_of_words_and_the_title_have_columns_of_their_own() -> None:
    task = made_up_task(200)
    one, matrix = TfidfFeatures.fit(task.corpus, task.split.train, "text")
    two, wider = TfidfFeatures.fit(task.corpus, task.split.train, "title+text")
    assert any(" " in term for term in one.vectorizers[0].vocabulary_)
    assert matrix.shape[1] < wider.shape[1]
    assert wider.shape == two.matrix(task.corpus, task.split.train).shape
