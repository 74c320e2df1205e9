"""Balancing questions of several tags."""

from collections import Counter

import numpy as np
import pytest

from trainer.systems.resampling import balance, rarest_labels

# Of 100 rows the first label has all, the second 30, the third 4.
TARGETS = np.zeros((100, 3), np.uint8)
TARGETS[:, 0] = 1
TARGETS[:30, 1] = 1
TARGETS[:4, 2] = 1


def classes(places: np.ndarray) -> Counter[int]:
    return Counter(rarest_labels(TARGETS)[places].tolist())


def test_a_question_is_of_the_class_of_its_rarest_tag() -> None:
    assert classes(np.arange(100)) == {0: 70, 1: 26, 2: 4}


@pytest.mark.slow
def test_over_sampling_repeats_rare_ones_and_loses_none() -> None:
    places = balance(TARGETS, "over", seed=0)
    assert classes(places) == {0: 70, 1: 26, 2: 26}
    assert set(places.tolist()) == set(range(100))


def test_under_sampling_drops_of_the_frequent_ones_only() -> None:
    places = balance(TARGETS, "under", seed=0)
    assert classes(places) == {0: 26, 1: 26, 2: 4}
    assert len(set(places.tolist())) == len(places)


def test_another_seed_draws_another_subset_and_the_same_one_the_same() -> None:
    one, again, other = (set(balance(TARGETS, "under", seed=s).tolist()) for s in (1, 1, 2))
    assert one == again != other


def test_labels_that_are_balanced_stay_as_they_are() -> None:
    balanced = np.repeat(np.eye(3, dtype=np.uint8), 5, axis=0)
    assert sorted(balance(balanced, "over", seed=0).tolist()) == list(range(15))
