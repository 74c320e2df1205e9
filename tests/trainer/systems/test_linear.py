"""Logistic regression and the linear SVM: whose decisions become probabilities, and how."""

from dataclasses import replace

import numpy as np
import pytest

from core.model.post_processing.calibration import sigmoid
from tests.trainer.made_up import made_up_dataset
from trainer.data.dataset import Dataset
from trainer.progress import ProgressReporter
from trainer.systems.linear import LinearSVM, LinearSystem, LogisticRegression


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return made_up_dataset(200)


def test_the_decisions_of_a_logistic_regression_are_logits_already(dataset: Dataset) -> None:
    tagger = LogisticRegression().fit(dataset, seed=0, reporter=ProgressReporter())
    rows = dataset.split.test
    decisions = tagger.decisions(dataset.corpus, rows)
    assert tagger.probabilities(dataset.corpus, rows) == pytest.approx(sigmoid(decisions))


def test_the_margins_of_an_svm_are_calibrated_by_the_validation_part(dataset: Dataset) -> None:
    tagger = LinearSVM().fit(dataset, seed=0, reporter=ProgressReporter())
    rows = dataset.split.validation
    assert tagger.calibration[0] > 2  # margins of 1 tell far more than logits of 1 would
    found = tagger.predict_validation(dataset)
    assert found.mean() == pytest.approx(dataset.targets[rows].mean(), abs=0.02)


def test_a_tagger_of_one_field_is_smaller(dataset: Dataset) -> None:
    one, two = (
        LogisticRegression(fields=fields).fit(dataset, seed=0, reporter=ProgressReporter())
        for fields in ("text", "title+text")
    )
    assert one.weights.shape[0] < two.weights.shape[0]
    assert one.size() < two.size()


@pytest.mark.parametrize("system", [LogisticRegression(), LinearSVM()])
def test_a_tag_that_every_question_has_is_certain_and_one_that_none_has_is_not(
    dataset: Dataset, system: LinearSystem
) -> None:
    targets = dataset.targets.copy()
    targets[:, 0], targets[:, 1] = 1, 0
    tagger = system.fit(replace(dataset, targets=targets), seed=0, reporter=ProgressReporter())
    found = tagger.probabilities(dataset.corpus, dataset.split.test)
    assert (found[:, 0] > 0.99).all()
    assert (found[:, 1] < 0.01).all()


def test_progress_counts_the_labels_of_both_fits(dataset: Dataset) -> None:
    class Counting(ProgressReporter):
        def batch(self, done: int, total: int) -> None:
            seen.append((done, total))

    seen: list[tuple[int, int]] = []
    LogisticRegression(most=10).fit(dataset, seed=0, reporter=Counting())
    total = 2 * len(dataset.labels)
    assert seen == [(done, total) for done in np.arange(1, total + 1).tolist()]
