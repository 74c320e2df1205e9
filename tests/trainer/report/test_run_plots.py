import numpy as np
import pytest
from sklearn.metrics import precision_recall_curve

from trainer.report.run_plots import CURVE_POINTS, at_thresholds, micro_curve
from trainer.scoring.metrics import Scores


def scores(questions: int) -> Scores:
    dice = np.random.default_rng(0)
    probabilities = dice.random((questions, 5))
    targets = (dice.random((questions, 5)) < probabilities).astype(np.uint8)
    return Scores(targets, probabilities, np.full(5, 0.5))


def test_a_curve_is_that_of_every_threshold_drawn_by_few_points() -> None:
    found = scores(2000)
    precisions, recalls = micro_curve(found)
    assert 200 < len(recalls) <= CURVE_POINTS
    assert recalls[-1] == 1
    assert precisions[-1] == pytest.approx(found.targets.mean())
    exact, at, _ = precision_recall_curve(found.targets.ravel(), found.probabilities.ravel())
    assert precisions == pytest.approx(np.interp(recalls, at[::-1], exact[::-1]), abs=0.01)


def test_the_point_at_the_thresholds_lies_on_the_curve() -> None:
    found = scores(2000)
    recall, precision = at_thresholds(found)
    precisions, recalls = micro_curve(found)
    assert np.interp(recall, recalls, precisions) == pytest.approx(precision, abs=0.01)


def test_a_model_that_predicts_nothing_has_a_point_too() -> None:
    silent = Scores(np.zeros((2, 3), np.uint8), np.zeros((2, 3)), np.ones(3))
    assert at_thresholds(silent) == (0, 0)
    precisions, recalls = micro_curve(silent)
    assert (precisions.tolist(), recalls.tolist()) == ([0], [0])
