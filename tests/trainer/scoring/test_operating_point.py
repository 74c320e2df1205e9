import numpy as np
import numpy.typing as npt
import pytest

from core.model.post_processing.calibration import NO_CALIBRATION, logit, sigmoid
from trainer.scoring.operating_point import choose_operating_point
from trainer.scoring.thresholds import choose_thresholds


def validation_part() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float64]]:
    """Targets, and probabilities that are too bold for them."""
    dice = np.random.default_rng(0)
    true = sigmoid(dice.normal(-2, 2, (3000, 8)))
    return (dice.random(true.shape) < true).astype(np.uint8), sigmoid(3 * logit(true))


def test_thresholds_are_those_of_calibrated_probabilities() -> None:
    targets, bold = validation_part()
    point = choose_operating_point(targets, bold)
    assert point.calibration == point.choice.calibration != NO_CALIBRATION
    calibrated = point.calibration.apply(bold)
    np.testing.assert_array_equal(point.thresholds, choose_thresholds(targets, calibrated))


@pytest.mark.slow
@pytest.mark.parametrize("least", [0.6, 0.9])
def test_a_precision_to_keep_is_passed_on(least: float) -> None:
    targets, bold = validation_part()
    point = choose_operating_point(targets, bold, min_precision=least)
    suggested = point.calibration.apply(bold) >= point.thresholds
    assert targets[suggested].mean() == pytest.approx(least, abs=0.03)


@pytest.mark.slow
def test_equal_questions_lead_to_equal_decisions() -> None:
    first, second = (
        choose_operating_point(*validation_part()),
        choose_operating_point(*validation_part()),
    )
    assert first.choice == second.choice
    np.testing.assert_array_equal(first.thresholds, second.thresholds)


@pytest.mark.slow
def test_probabilities_without_any_sense_lead_to_finite_thresholds() -> None:
    dice = np.random.default_rng(0)
    targets = dice.integers(0, 2, (200, 5)).astype(np.uint8)
    for raw in (np.zeros(targets.shape), np.ones(targets.shape), dice.random(targets.shape)):
        for least in (None, 0.9):
            assert np.isfinite(
                choose_operating_point(targets, raw, min_precision=least).thresholds
            ).all()
