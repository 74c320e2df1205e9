import numpy as np
import pytest

from trainer.evaluation.evaluated_models import EvaluatedModel
from trainer.report.metrics_table import coverage_rows, metric_rows
from trainer.scoring.metrics import METRICS, Scores


def model(name: str, targets: list[list[int]], probabilities: list[list[float]]) -> EvaluatedModel:
    scores = Scores(np.array(targets, np.uint8), np.array(probabilities), np.full(2, 0.5))
    return EvaluatedModel(name=name, description="", labels=("a", "b"), scores=scores)


KNOWS = model("candidate", [[1, 0], [0, 0], [1, 1]], [[0.9, 0.1], [0.1, 0.1], [0.8, 0.9]])
KNOWS_NOTHING = model("live", [[0, 0]] * 3, [[0.1, 0.2]] * 3)


def test_a_model_is_scored_on_the_questions_that_have_one_of_its_tags() -> None:
    found = {row.name: row.cells for row in coverage_rows([KNOWS, KNOWS_NOTHING])}
    assert found == {
        "tags": ["2", "2"],
        "held-out questions": ["3", "3"],
        "of them scored": ["2", "0"],
        "suggestions": ["1.00", "0.00"],
        "no suggestion": ["33.3%", "100.0%"],
    }


def test_every_metric_is_a_row_and_what_cannot_be_scored_is_none() -> None:
    rows = metric_rows([KNOWS, KNOWS_NOTHING])
    assert [row.metric for row in rows] == list(METRICS)
    for row in rows:
        assert row.estimates[0] is not None
        assert row.estimates[1] is None
    assert rows[1].heading == "precision@1 (known tags)"
    assert rows[1].estimates[0].value == pytest.approx(1)  # type: ignore[union-attr]


def test_without_models_there_is_nothing_to_tell() -> None:
    assert all(row.estimates == [] for row in metric_rows([]))
