import math

import numpy as np
import pytest

from trainer.evaluation.evaluated_models import EvaluatedModel
from trainer.report.by_tag import TagRow, tag_rows
from trainer.scoring.metrics import Scores

TARGETS = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0]], np.uint8)
PROBABILITIES = np.array([[0.9, 0.1, 0.1], [0.4, 0.1, 0.1], [0.6, 0.2, 0.1], [0.1, 0.1, 0.1]])


@pytest.fixture(scope="module")
def rows() -> dict[str, TagRow]:
    scores = Scores(TARGETS, PROBABILITIES, np.array([0.5, 0.5, 2.0]))
    labels = ("common", "rare", "<unseen>")
    candidate = EvaluatedModel(name="candidate", description="", labels=labels, scores=scores)
    training = np.array([[1, 0, 1], [1, 1, 1], [1, 0, 0]], np.uint8)
    found = tag_rows(candidate, training.sum(axis=0, dtype=np.int64))
    assert [row.tag for row in found] == ["common", "<unseen>", "rare"]
    return {row.tag: row for row in found}


def test_a_tags_figures_are_those_at_its_threshold(rows: dict[str, TagRow]) -> None:
    common = rows["common"]
    assert (common.training, common.holdout, common.threshold) == (3, 2, 0.5)
    assert (common.precision, common.recall, common.f1) == (0.5, 0.5, 0.5)
    assert common.average_precision == pytest.approx((1 + 2 / 3) / 2)


def test_what_was_never_predicted_or_never_asked_for_has_no_share(
    rows: dict[str, TagRow],
) -> None:
    rare, unseen = rows["rare"], rows["<unseen>"]
    assert math.isnan(rare.precision)
    assert (rare.recall, rare.f1) == (0, 0)
    assert all(math.isnan(x) for x in (unseen.recall, unseen.f1, unseen.average_precision))
