import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.data.splits import SplitName, split

ROWS = np.arange(1000) * 3  # the questions that have a label are not all of a corpus


# Rows of the article's train_test_split(test_size=0.2, random_state=9000) of a hundred questions,
# and of a tenth of the rest by the same: its figures can be compared only while these stay.
TEST = [44, 8, 4, 36, 83, 40, 24, 54, 68, 13, 86, 31, 71, 21, 94, 65, 96, 57, 70, 80]
VALIDATION = [14, 42, 16, 73, 87, 20, 97, 79]


def test_the_random_split_is_the_articles() -> None:
    parts = split(np.arange(100) * 3, "random")
    assert (parts.test // 3).tolist() == TEST
    assert (parts.validation // 3).tolist() == VALIDATION


def test_by_time_the_newest_judge_and_those_before_them_choose() -> None:
    parts = split(ROWS, "time")
    np.testing.assert_array_equal(np.concatenate([parts.train, parts.validation, parts.test]), ROWS)


@pytest.mark.parametrize("name", ["random", "time"])
def test_a_fifth_judges_and_a_tenth_of_the_rest_chooses(name: SplitName) -> None:
    parts = split(ROWS, name)
    assert (len(parts.train), len(parts.validation), len(parts.test)) == (720, 80, 200)


@settings(deadline=None)
@given(st.integers(50, 3000), st.sampled_from(["random", "time"]))
def test_every_row_has_one_part(count: int, name: SplitName) -> None:
    parts = split(np.arange(count), name)
    together = np.concatenate([parts.train, parts.validation, parts.test])
    assert sorted(together) == list(range(count))
    assert min(len(parts.train), len(parts.validation), len(parts.test)) > 0
