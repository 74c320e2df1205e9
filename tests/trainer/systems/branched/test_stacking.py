import numpy as np
import numpy.typing as npt
import pytest

from trainer.systems.branched.encoded_dataset import Float32Array
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


def few_tags(seed: int) -> tuple[list[Float32Array], npt.NDArray[np.uint8]]:
    """Three branches that know much the same, and 20 questions with some 40 of 100 tags."""
    dice = np.random.default_rng(seed)
    tags = (dice.random((20, 100)) < 0.02).astype(np.uint8)
    known = dice.normal(tags * 2.0, 1)
    return [np.asarray(dice.normal(known, 0.3), np.float32) for _ in range(3)], tags


@pytest.mark.parametrize("seed", [2, 3, 4])  # without a ridge one has twice another's at least
def test_few_tags_do_not_take_the_weights_far_from_equal_parts(seed: int) -> None:
    *weights, _ = fit_stacking_weights(*few_tags(seed))
    assert max(weights) < 2 * min(weights)


def test_the_unit_of_a_branch_makes_no_difference() -> None:
    branches, tags = few_tags(0)
    weights, shift = np.split(fit_stacking_weights(branches, tags), [3])
    margins = [*branches[:2], np.asarray(branches[2] / 10 - 1, np.float32)]
    others, other_shift = np.split(fit_stacking_weights(margins, tags), [3])
    assert others == pytest.approx(weights * [1, 1, 10], rel=1e-3)
    assert other_shift == pytest.approx(shift + others[2], rel=1e-3)


def test_no_branch_counts_against_what_it_says() -> None:
    (one, other, _), tags = few_tags(0)
    many = [np.tile(branch, (50, 1)) for branch in (one, other, -other)]
    weights = fit_stacking_weights(many, np.tile(tags, (50, 1)))
    assert weights[2] == 0
    assert weights[:2].min() > 0


def test_a_branch_that_says_nothing_has_no_weight() -> None:
    (one, other, _), tags = few_tags(0)
    *weights, silent, shift = fit_stacking_weights([one, other, np.full_like(one, -5)], tags)
    assert silent == 0
    assert min(weights) > 0
    assert np.isfinite(shift)


def test_stacking_weights_stay_small_where_a_branch_tells_every_tag() -> None:
    tags = np.eye(4, dtype=np.uint8)
    weights = fit_stacking_weights([8.0 * tags - 4, 2.0 * tags - 1], tags)
    assert np.isfinite(weights).all()
    assert np.abs(weights).max() < 10
