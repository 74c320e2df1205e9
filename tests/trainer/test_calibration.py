import numpy as np
import pytest

from trainer.calibration import fit_platt


def test_scale_and_shift_are_found_again() -> None:
    dice = np.random.default_rng(0)
    decisions = dice.normal(0, 2, (5000, 10))
    probabilities = 1 / (1 + np.exp(-(1.7 * decisions - 0.8)))
    targets = (dice.random(decisions.shape) < probabilities).astype(np.uint8)
    assert fit_platt(targets, decisions) == pytest.approx((1.7, -0.8), abs=0.06)
