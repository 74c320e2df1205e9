from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from trainer.thresholds import RARE, best_f1_thresholds, choose_thresholds


def columns(*values: Sequence[float]) -> npt.NDArray[np.float64]:
    return np.array(values, np.float64).T


def test_a_threshold_lies_between_right_and_wrong() -> None:
    probabilities = columns([0.9, 0.8, 0.2, 0.1])
    targets = columns([1, 1, 0, 0]).astype(np.uint8)
    assert best_f1_thresholds(targets, probabilities) == pytest.approx([0.5])


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.1, 0.4, 0.5, 0.9, 1.0])),
        min_size=1,
        max_size=12,
    )
)
def test_no_other_threshold_has_a_higher_f1(cells: list[tuple[int, float]]) -> None:
    targets = columns([cell[0] for cell in cells]).astype(np.uint8)
    probabilities = columns([cell[1] for cell in cells])
    if not targets.any():
        return
    (chosen,) = best_f1_thresholds(targets, probabilities)

    def f1(threshold: float) -> float:
        return float(f1_score(targets, probabilities >= threshold, zero_division=0))

    assert f1(chosen) == pytest.approx(max(f1(value) for value in {0.0, *probabilities.ravel()}))


def test_a_rare_label_is_not_suggested_below_what_serves_all() -> None:
    frequent = [0.9] * 2 * RARE + [0.1] * 2 * RARE
    rare = [0.05] + [0.01] * (4 * RARE - 1)
    targets = columns([1] * 2 * RARE + [0] * 2 * RARE, [1] + [0] * (4 * RARE - 1)).astype(np.uint8)
    assert choose_thresholds(targets, columns(frequent, rare)) == pytest.approx([0.5, 0.5])


def test_a_rare_label_keeps_a_threshold_of_its_own_that_is_higher() -> None:
    frequent = [0.3] * 2 * RARE + [0.1] * 2 * RARE
    rare = [0.9] + [0.5] * (4 * RARE - 1)
    targets = columns([1] * 2 * RARE + [0] * 2 * RARE, [1] + [0] * (4 * RARE - 1)).astype(np.uint8)
    assert choose_thresholds(targets, columns(frequent, rare))[1] == pytest.approx(0.7)


def test_a_label_without_a_use_gets_the_threshold_that_serves_all() -> None:
    frequent = [0.9] * 2 * RARE + [0.1] * 2 * RARE
    targets = columns([1] * 2 * RARE + [0] * 2 * RARE, [0] * 4 * RARE).astype(np.uint8)
    chosen = choose_thresholds(targets, columns(frequent, [0.01] * 4 * RARE))
    assert chosen == pytest.approx([0.5, 0.5])
