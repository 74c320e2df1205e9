import numpy as np

from trainer.metrics import Scores
from trainer.report.plots import CURVE_POINTS, at_thresholds, micro_curve


def scores(questions: int) -> Scores:
    dice = np.random.default_rng(0)
    probabilities = dice.random((questions, 5))
    targets = (dice.random((questions, 5)) < probabilities).astype(np.uint8)
    return Scores(targets, probabilities, np.full(5, 0.5))


def test_a_curve_of_very_many_pairs_is_drawn_by_few_points_from_end_to_end() -> None:
    precision, recall = micro_curve(scores(2000))
    assert 100 < len(recall) <= CURVE_POINTS
    assert (recall[0], recall[-1]) == (1, 0)
    assert precision[-1] == 1


def test_the_point_at_the_thresholds_lies_on_the_curve() -> None:
    found = scores(2000)
    recall, precision = at_thresholds(found)
    precisions, recalls = micro_curve(found)
    nearest = np.abs(recalls - recall).argmin()
    assert abs(precisions[nearest] - precision) < 0.01


def test_a_model_that_predicts_nothing_has_a_point_too() -> None:
    silent = Scores(np.zeros((2, 3), np.uint8), np.zeros((2, 3)), np.ones(3))
    assert at_thresholds(silent) == (0, 0)
