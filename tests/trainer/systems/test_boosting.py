"""LightGBM: one forest a label, and a number where no tree can be grown."""

from dataclasses import replace

import pytest

from tests.trainer.made_up import made_up_dataset
from trainer.data.dataset import Dataset
from trainer.progress import ProgressReporter
from trainer.systems.boosting import LightGBM


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    """Questions of which all have the first label and none has the second."""
    made_up = made_up_dataset(200)
    targets = made_up.targets.copy()
    targets[:, 0], targets[:, 1] = 1, 0
    return replace(made_up, targets=targets)


def test_a_label_of_all_questions_or_none_needs_no_trees(dataset: Dataset) -> None:
    tagger = LightGBM(trees=2).fit(dataset, seed=0, reporter=ProgressReporter())
    assert tagger.boosters[:2] == (1.0, 0.0)
    assert [booster.num_trees() for booster in tagger.boosters[2:]] == [2] * (
        len(dataset.labels) - 2
    )
    probabilities = tagger.probabilities(dataset.corpus, dataset.split.test)
    assert (probabilities[:, 0] == 1).all()
    assert (probabilities[:, 1] == 0).all()


def test_a_tagger_grows_with_its_trees_and_its_columns(dataset: Dataset) -> None:
    small, deeper, wider = (
        LightGBM(trees=trees, columns=columns)
        .fit(dataset, seed=0, reporter=ProgressReporter())
        .size()
        for trees, columns in ((2, 20), (8, 20), (2, 100))
    )
    assert small < deeper
    assert small < wider
