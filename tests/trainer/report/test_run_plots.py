import math
import re

import numpy as np
import pytest
from sklearn.metrics import precision_recall_curve

from trainer.progress import Epoch
from trainer.report.run_plots import CURVE_POINTS, at_thresholds, learning_curves, micro_curve
from trainer.scoring.metrics import Scores


def scores(questions: int) -> Scores:
    dice = np.random.default_rng(0)
    probabilities = dice.random((questions, 5))
    targets = (dice.random((questions, 5)) < probabilities).astype(np.uint8)
    return Scores(targets, probabilities, np.full(5, 0.5))


def test_a_curve_is_that_of_every_threshold_drawn_by_few_points() -> None:
    found = scores(2000)
    precisions, recalls = micro_curve(found)
    assert 100 < len(recalls) <= CURVE_POINTS
    assert recalls[-1] == 1
    assert precisions[-1] == pytest.approx(found.targets.mean())
    exact, at, _ = precision_recall_curve(found.targets.ravel(), found.probabilities.ravel())
    assert precisions == pytest.approx(np.interp(recalls, at[::-1], exact[::-1]), abs=0.01)


@pytest.mark.parametrize("thresholds", [[0.5] * 5, [0.1, 0.9, 0.3, 0.7, 0.5], [0.2, 2, 0.8, 2, 1]])
def test_the_point_at_the_tags_own_thresholds_is_one_of_the_curve(thresholds: list[float]) -> None:
    found = Scores(scores(2000).targets, scores(2000).probabilities, np.array(thresholds))
    precision, recall = at_thresholds(found)
    precisions, recalls = micro_curve(found)
    assert min(np.hypot(recalls - recall, precisions - precision)) < 1e-9


def epoch(number: int, part: str) -> Epoch:
    shown = math.nan if part.endswith("again") else 0.5
    return Epoch(
        number=number,
        of=2,
        loss=1,
        val_loss=shown,
        val_precision_at_1=shown,
        seconds=1,
        part=part,
    )


def test_networks_that_are_alike_have_one_line_of_the_legend() -> None:
    names = [f"reader {n} of 4{end}" for end in ("", " again") for n in (1, 2, 3, 4)]
    names.append("convolutions")
    epochs = [epoch(n, name) for name in names for n in (1, 2)]
    losses, precision = learning_curves(epochs)
    for panel in (losses, precision):
        texts = re.findall(r"<text[^>]*>([^<]*)</text>", panel.svg)
        assert {"readers", "convolutions"} <= set(texts)
        assert ("readers again" in texts) is (panel is losses)  # it has no validation part
        assert not any(" of 4" in text for text in texts)


def test_a_model_that_predicts_nothing_has_a_point_too() -> None:
    silent = Scores(np.zeros((2, 3), np.uint8), np.zeros((2, 3)), np.ones(3))
    assert at_thresholds(silent) == (0, 0)
    precisions, recalls = micro_curve(silent)
    assert (precisions.tolist(), recalls.tolist()) == ([0], [0])


def test_what_no_epoch_was_judged_by_has_no_panel() -> None:
    (losses,) = learning_curves([epoch(n, "reader 1 of 4 again") for n in (1, 2)])
    assert "readers again" in losses.svg
