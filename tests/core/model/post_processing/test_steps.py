"""From a network's probabilities to those that are told."""

import numpy as np
import numpy.typing as npt
import pytest
from pydantic import ValidationError

from core.model.post_processing.calibration import Temperature, logit, sigmoid
from core.model.post_processing.rivals import Rivals, strongest_others
from core.model.post_processing.steps import PostProcessing
from core.model.text.names import Named, NameWeights

RIVALS = Rivals(scale=0.9, weight=0.2, shift=0.3)


@pytest.mark.parametrize(
    ("logits", "others"),
    [
        pytest.param([[3, 1, 2]], [[2, 3, 3]], id="one is the largest"),
        pytest.param([[5, 5, 4]], [[5, 5, 5]], id="two are"),
        pytest.param([[-5, 1], [2, 0]], [[1, -5], [0, 2]], id="two labels"),
        pytest.param([[7.0]], [[0.0]], id="one label"),
        pytest.param(np.zeros((0, 3)), np.zeros((0, 3)), id="no question"),
    ],
)
def test_a_label_loses_by_the_strongest_other_of_the_first_by_the_second(
    logits: object, others: object
) -> None:
    given = np.array(logits, float)
    assert np.array_equal(strongest_others(given), np.array(others, float))
    assert np.array_equal(given, np.array(logits, float))  # is left as it is
    taken = 0.9 * given - 0.2 * np.array(others, float) + 0.3
    np.testing.assert_allclose(RIVALS.apply(given), taken, atol=1e-12)


def test_names_come_first_then_rivals_then_calibration() -> None:
    raw = sigmoid(np.array([[1.0, -1.0, -2.0], [0.0, 2.0, -4.0]]))
    names = NameWeights(
        rarity=(0.0,) * 3, scale=(1.0, 0.0), shift=(0.0, 0.0), title=(0.0, 0.0), text=(5.0, 0.0)
    )
    named = Named(np.array([0]), np.array([2]), np.array([False]))  # so it is the strongest, 3
    raised = np.array([[1.0, -1.0, 3.0], [0.0, 2.0, -4.0]])
    others = np.array([[3.0, 3.0, 1.0], [2.0, 0.0, 2.0]])
    taken = 0.9 * raised - 0.2 * others + 0.3
    steps = PostProcessing(names, RIVALS, Temperature(scale=2.0, shift=0.5))
    np.testing.assert_allclose(logit(steps.apply(raw, named)), 2 * taken + 0.5, atol=1e-9)


def test_nothing_is_changed_by_default() -> None:
    raw: npt.NDArray[np.float32] = np.array([[0.25, 0.0, 1.0]], np.float32)
    assert PostProcessing().apply(raw).tolist() == raw.tolist()


@pytest.mark.parametrize("wrong", [{"weight": -0.1}, {"scale": -1}, {"shift": float("nan")}])
def test_rivals_that_would_turn_the_order_round_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Rivals.model_validate(RIVALS.model_dump() | wrong)
