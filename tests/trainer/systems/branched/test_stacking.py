import numpy as np
import pytest

from trainer.systems.branched.stacking import fit_stacking_weights


def test_stacking_weights_undo_a_branchs_scale_and_leave_out_one_that_says_nothing() -> None:
    dice = np.random.default_rng(0)
    logits = dice.normal(-1, 2, (3000, 4)).astype(np.float32)
    tags = (dice.random(logits.shape) < 1 / (1 + np.exp(-logits))).astype(np.uint8)
    noise = dice.normal(0, 1, logits.shape).astype(np.float32)
    weight, of_noise, shift = fit_stacking_weights([logits * 2 - 3, noise], tags)
    assert weight == pytest.approx(0.5, abs=0.05)
    assert of_noise == pytest.approx(0, abs=0.05)
    assert shift == pytest.approx(1.5, abs=0.15)


@pytest.mark.parametrize("tag", [0, 1])
def test_stacking_weights_are_equal_where_nothing_can_be_told_apart(tag: int) -> None:
    logits = np.ones((3, 2), np.float32)
    tags = np.full((3, 2), tag, np.uint8)
    assert fit_stacking_weights([logits, logits], tags).tolist() == [0.5, 0.5, 0.0]


def test_stacking_weights_stay_small_where_a_branch_tells_every_tag() -> None:
    tags = np.eye(4, dtype=np.uint8)
    weights = fit_stacking_weights([8.0 * tags - 4, 2.0 * tags - 1], tags)
    assert np.isfinite(weights).all()
    assert np.abs(weights).max() < 10
