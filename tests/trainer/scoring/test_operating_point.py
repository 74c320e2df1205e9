import numpy as np
import numpy.typing as npt
import pytest

from core.model.calibration import NO_CALIBRATION, logit, sigmoid
from trainer.scoring.operating_point import decide
from trainer.scoring.thresholds import choose_thresholds


def held_out() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float64]]:
    """Targets, and probabilities that are too bold for them."""
    dice = np.random.default_rng(0)
    true = sigmoid(dice.normal(-2, 2, (3000, 8)))
    return (dice.random(true.shape) < true).astype(np.uint8), sigmoid(3 * logit(true))


def test_thresholds_are_those_of_calibrated_probabilities() -> None:
    targets, bold = held_out()
    decisions = decide(targets, bold)
    assert decisions.calibration == decisions.choice.calibration != NO_CALIBRATION
    calibrated = decisions.calibration.apply(bold)
    np.testing.assert_array_equal(decisions.thresholds, choose_thresholds(targets, calibrated))


@pytest.mark.parametrize("least", [0.6, 0.9])
def test_a_precision_to_keep_is_passed_on(least: float) -> None:
    targets, bold = held_out()
    decisions = decide(targets, bold, min_precision=least)
    suggested = decisions.calibration.apply(bold) >= decisions.thresholds
    assert targets[suggested].mean() == pytest.approx(least, abs=0.03)


def test_equal_questions_lead_to_equal_decisions() -> None:
    first, second = decide(*held_out()), decide(*held_out())
    assert first.choice == second.choice
    np.testing.assert_array_equal(first.thresholds, second.thresholds)


def test_probabilities_without_any_sense_lead_to_finite_thresholds() -> None:
    dice = np.random.default_rng(0)
    targets = dice.integers(0, 2, (200, 5)).astype(np.uint8)
    for raw in (np.zeros(targets.shape), np.ones(targets.shape), dice.random(targets.shape)):
        for least in (None, 0.9):
            assert np.isfinite(decide(targets, raw, min_precision=least).thresholds).all()
