import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from trainer.data.splits import SplitName, split

ROWS = np.arange(1000) * 3  # the questions that have a label are not all of a corpus


def test_the_random_split_is_the_articles() -> None:
    _, test = train_test_split(ROWS, test_size=0.2, random_state=9000)
    np.testing.assert_array_equal(split(ROWS, "random").test, test)


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
