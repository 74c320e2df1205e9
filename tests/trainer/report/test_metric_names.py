import json
import random
from pathlib import Path

import numpy as np

from trainer.evaluation.evaluated_models import EvaluatedModel, version_metrics
from trainer.report.metric_names import METRIC_NAMES, format_metric, in_order
from trainer.scoring.metrics import METRICS, Scores

ROOT = Path(__file__).resolve().parents[3]


def figures() -> dict[str, float | int | str]:
    targets = np.eye(3, dtype=np.uint8)
    scores = Scores(targets, targets.astype(float), np.full(3, 0.5))
    model = EvaluatedModel(name="candidate", description="", labels=("a", "b", "c"), scores=scores)
    rest = {"train_questions": 8, "validation_questions": 1, "epochs": 2}
    return version_metrics(model, np.array([1, 2, 1])) | rest


def test_every_metric_and_every_figure_of_a_version_has_a_name_and_a_meaning() -> None:
    assert list(METRIC_NAMES)[: len(METRICS)] == list(METRICS)
    assert set(METRIC_NAMES) == set(figures())


def test_no_two_of_them_share_a_name() -> None:
    names = [name.long for name in METRIC_NAMES.values()]
    assert len(set(names)) == len(names)
    assert {"nDCG@5 (known tags)", "nDCG@5 (all tags)"} <= set(names)


def test_the_order_is_one_whatever_a_database_makes_of_it() -> None:
    shuffled = list(json.loads(json.dumps(figures() | {"own_at_2": 1.0, "another": 2})).items())
    random.Random(1).shuffle(shuffled)
    found = [name.long for name, _ in in_order(dict(shuffled))]
    assert found == [*(name.long for name in METRIC_NAMES.values()), "another", "own@2"]


def test_the_articles_figure_carries_its_caveat() -> None:
    assert "judge by the others" in METRIC_NAMES["categorical_accuracy"].meaning


def test_the_review_page_calls_them_so_too() -> None:
    page = (ROOT / "review/templates/models.html").read_text()
    for name in ("precision_at_1", "recall_at_5", "ndcg_at_5"):
        assert f"{METRIC_NAMES[name].long} {{{{" in page
    for name in ("agreement_precision_at_1", "agreement_recall_at_5"):
        assert f"{METRIC_NAMES[name].long} {{{{" in page


def test_losses_have_a_digit_more() -> None:
    assert format_metric("precision_at_1", 0.12345) == "0.123"
    assert format_metric("log_loss", 0.12345) == "0.1235"
