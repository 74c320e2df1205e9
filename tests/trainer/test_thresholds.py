from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from trainer.thresholds import HIGHEST, LOWEST, choose_thresholds


def columns(*values: Sequence[float]) -> npt.NDArray[np.float64]:
    return np.array(values, np.float64).T


def flags(*values: Sequence[int]) -> npt.NDArray[np.uint8]:
    return np.array(values, np.uint8).T


def test_a_threshold_lies_between_right_and_wrong() -> None:
    (chosen,) = choose_thresholds(flags([1, 1, 0, 0]), columns([0.9, 0.8, 0.2, 0.1]))
    assert 0.2 < chosen < 0.8


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.1, 0.4, 0.5, 0.9, 1.0])),
        min_size=1,
        max_size=12,
    )
)
def test_for_one_label_no_other_threshold_has_a_higher_f1(cells: list[tuple[int, float]]) -> None:
    targets = flags([cell[0] for cell in cells])
    probabilities = columns([cell[1] for cell in cells])
    (chosen,) = choose_thresholds(targets, probabilities)

    def f1(threshold: float) -> float:
        return float(f1_score(targets, probabilities >= threshold, zero_division=0))

    assert f1(chosen) == pytest.approx(
        max(f1(value) for value in (LOWEST, 0.1, 0.4, 0.5, 0.9, HIGHEST))
    )


def two_labels(*, uses: int) -> npt.NDArray[np.float64]:
    """The threshold of a label whose own best is .1, beside frequent ones whose best is .5."""
    frequent = [0.9] * 400 + [0.2] * 20 + [0.15] * 380
    targets = flags([1] * 400 + [0] * 400, [1] * uses + [0] * (800 - uses))
    return choose_thresholds(targets, columns(frequent, [0.15] * uses + [0.05] * (800 - uses)))


def test_a_label_with_many_uses_has_a_threshold_of_its_own() -> None:
    frequent, other = two_labels(uses=400)
    assert 0.2 < frequent < 0.9
    assert 0.05 < other < 0.15


def test_a_rarer_label_has_a_threshold_nearer_to_what_serves_all() -> None:
    thresholds = [two_labels(uses=uses)[1] for uses in (400, 100, 20, 5, 1, 0)]
    assert thresholds == sorted(thresholds)
    assert thresholds[-1] > 0.2


def test_no_tag_is_suggested_everywhere() -> None:
    chosen = choose_thresholds(flags([1] * 9, [0] * 9), columns([0.01] * 9, [0.0] * 9))
    assert (chosen >= LOWEST - 1e-9).all()


def test_thresholds_are_probabilities_even_where_a_label_is_certain() -> None:
    chosen = choose_thresholds(flags([1, 0], [0, 0]), columns([1.0, 0.0], [0.0, 0.0]))
    assert ((chosen > 0) & (chosen <= HIGHEST + 1e-9)).all()
