"""The weighted mean."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest

from core.errors import TrainingError
from tests.trainer.made_up import made_up_dataset
from trainer.data.corpus import Corpus
from trainer.data.splits import Rows
from trainer.systems.base import Tagger
from trainer.systems.mean import WeightedMean


@dataclass
class Constant(Tagger):
    value: float
    validation_probabilities: npt.NDArray[np.float64] | None = None
    out_of_fold_rows: Rows | None = None

    def probabilities(self, corpus: Corpus, rows: Rows) -> npt.NDArray[np.float64]:  # noqa: ARG002
        return np.full((len(rows), 6), self.value)

    def size(self) -> int:
        return 10


def test_it_is_two_thirds_of_the_one_and_a_third_of_the_other() -> None:
    dataset = made_up_dataset(100)
    mean = WeightedMean({"a": 2, "b": 1}).combine({"a": Constant(0.9), "b": Constant(0.3)})
    assert mean.probabilities(dataset.corpus, dataset.split.test) == pytest.approx(0.7)
    assert mean.size() == 20


def test_thresholds_are_chosen_by_what_its_parts_kept() -> None:
    dataset = made_up_dataset(100)
    validation = np.full((len(dataset.split.validation), 6), 0.6)
    parts = {"a": Constant(0.9, validation_probabilities=validation), "b": Constant(0.3)}
    assert WeightedMean({"a": 2, "b": 1}).combine(parts).predict_validation(
        dataset
    ) == pytest.approx(0.5)


def test_beside_a_cross_validated_part_each_question_has_what_both_say_of_it() -> None:
    dataset = made_up_dataset(100)
    split = dataset.split
    rows = np.concatenate([split.validation[:0:-1], split.train])  # all but the first to validate
    crossed = np.tile(rows[:, None] / 100, 6)
    tenth = np.tile(split.validation[:, None] / 100, 6)
    parts = {"a": Constant(0.9, tenth), "b": Constant(0.3, crossed, rows)}
    for weights in ({"a": 2, "b": 1}, {"b": 1, "a": 2}):
        mean = WeightedMean(weights).combine(parts)
        shared = mean.validation_rows(dataset)
        assert set(shared) == set(split.validation[1:])
        assert mean.predict_validation(dataset)[:, 0] == pytest.approx(shared / 100)


def test_a_part_that_did_not_train_is_named() -> None:
    with pytest.raises(TrainingError, match="b, which did not train"):
        WeightedMean({"a": 2, "b": 1}).combine({"a": Constant(0.9)})
