"""What labels take from each other is learned where it helps, and left alone where it does not."""

import numpy as np
import numpy.typing as npt
import pytest

from core.model.post_processing.calibration import logit, sigmoid
from trainer.scoring.metrics import METRICS, Floats, Scores
from trainer.scoring.names import FEWEST_QUESTIONS
from trainer.scoring.rivals import choose_rivals

Targets = npt.NDArray[np.uint8]


def one_of_each(seed: int, questions: int = 1000) -> tuple[Targets, Floats]:
    """Questions with one tag each, and probabilities that know each label by itself."""
    dice = np.random.default_rng(seed)
    tags = np.eye(20, dtype=np.uint8)[dice.integers(0, 20, questions)]
    known = dice.normal(tags * 3.0, 1)
    return tags, sigmoid(3 * known - 7.5)  # calibrated: 1 in 20, 3 spreads away


def log_loss(tags: Targets, probabilities: Floats) -> float:
    return METRICS["log_loss"](Scores(tags, probabilities, np.full(tags.shape[1], 0.5)))


def test_the_surer_another_label_is_the_less_likely_is_one() -> None:
    rivals = choose_rivals(*one_of_each(0))
    assert rivals is not None
    assert rivals.weight > 0.3
    tags, before = one_of_each(1)
    after = sigmoid(rivals.apply(logit(before)))
    assert np.array_equal(np.argsort(after, axis=1), np.argsort(before, axis=1))
    assert log_loss(tags, after) < 0.9 * log_loss(tags, before)


def test_labels_that_know_nothing_of_each_other_take_nothing_or_little() -> None:
    dice = np.random.default_rng(0)
    probabilities = sigmoid(dice.normal(-2, 1, (3000, 10)))
    rivals = choose_rivals(
        (dice.random((3000, 10)) < probabilities).astype(np.uint8), probabilities
    )
    assert rivals is None or (rivals.weight < 0.05 and abs(rivals.scale - 1) < 0.05)


def test_labels_that_come_together_take_nothing() -> None:
    """What a calibration may still scale is left to that."""
    dice = np.random.default_rng(0)
    many = dice.random((2000, 1)) < 0.2
    tags = (dice.random((2000, 10)) < np.where(many, 0.5, 0.02)).astype(np.uint8)
    known = dice.normal(tags * 2.0, 1)
    assert choose_rivals(tags, sigmoid(known - 3)) is None


FEW = FEWEST_QUESTIONS - 1
SPARSE = (np.random.default_rng(0).random((3000, 20)) < 0.05).astype(np.uint8)


@pytest.mark.parametrize(
    ("tags", "probabilities"),
    [
        pytest.param(*one_of_each(0, FEW), id="few questions"),
        pytest.param(np.ones((300, 1), np.uint8), np.full((300, 1), 0.5), id="one label"),
        pytest.param(np.zeros((300, 9), np.uint8), np.full((300, 9), 0.5), id="no tag"),
        pytest.param(np.eye(300, dtype=np.uint8), np.full((300, 300), 0.5), id="nothing said"),
        pytest.param(SPARSE, 0.05 + 1e-4 * SPARSE, id="logits that hardly differ"),
        pytest.param(
            np.tile(np.array([[1, 0], [0, 0]], np.uint8), (150, 1)),
            np.tile([[0.9, 0.1]], (300, 1)),
            id="no tag in one half",
        ),
    ],
)
def test_nothing_is_learned_of(tags: Targets, probabilities: Floats) -> None:
    assert choose_rivals(tags, probabilities) is None
