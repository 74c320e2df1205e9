import numpy as np
import pytest
from sklearn import metrics as sk

from trainer.scoring.metrics import METRICS, Scores, all_metrics, label_f1, reliability

RNG = np.random.default_rng(0)
TARGETS = (RNG.random((200, 12)) < 0.25).astype(np.uint8)
TARGETS[TARGETS.sum(axis=1) == 0, 3] = 1
PROBABILITIES = np.clip(0.3 * TARGETS + RNG.random((200, 12)) * 0.7, 0, 1)
SCORES = Scores(TARGETS, PROBABILITIES, np.linspace(0.3, 0.6, 12))


def scores(targets: list[list[int]], probabilities: list[list[float]]) -> Scores:
    return Scores(
        np.array(targets, np.uint8), np.array(probabilities), np.full(len(targets[0]), 0.5)
    )


def test_a_perfect_system_has_perfect_scores() -> None:
    perfect = all_metrics(scores([[1, 0, 0], [0, 1, 0]], [[1.0, 0, 0], [0, 1.0, 0]]))
    assert perfect == pytest.approx(
        {
            "categorical_accuracy": 1,
            "precision_at_1": 1,
            "precision_at_3": 1 / 3,
            "precision_at_5": 1 / 5,
            "recall_at_5": 1,
            "micro_f1": 1,
            "macro_f1": 1,  # the third label never occurs
            "mean_average_precision": 1,
            "ndcg_at_5": 1,
            "log_loss": 0,
            "calibration_error": 0,
        },
        abs=1e-6,
    )


def test_categorical_accuracy_counts_the_alphabetically_first_tag_only() -> None:
    both = scores([[1, 1]], [[0.1, 0.9]])
    assert METRICS["categorical_accuracy"](both) == 0
    assert METRICS["precision_at_1"](both) == 1


@pytest.mark.parametrize("k", [1, 3, 5])
def test_precision_at_k_is_the_share_of_the_k_that_are_right(k: int) -> None:
    top = np.argsort(-PROBABILITIES, axis=1)[:, :k]
    right = [TARGETS[row, label] for row, labels in enumerate(top) for label in labels]
    assert METRICS[f"precision_at_{k}"](SCORES) == pytest.approx(np.mean(right))


def test_recall_at_5_is_the_share_of_a_questions_tags_that_are_found() -> None:
    top = np.argsort(-PROBABILITIES, axis=1)[:, :5]
    found = [TARGETS[row, labels].sum() / TARGETS[row].sum() for row, labels in enumerate(top)]
    assert METRICS["recall_at_5"](SCORES) == pytest.approx(np.mean(found))


@pytest.mark.parametrize("average", ["micro", "macro"])
def test_f1_is_that_of_scikit_learn(average: str) -> None:
    expected = sk.f1_score(TARGETS, SCORES.predicted, average=average)
    assert METRICS[f"{average}_f1"](SCORES) == pytest.approx(expected)


def test_log_loss_is_the_mean_over_cells_and_a_certain_mistake_has_a_bound() -> None:
    flat = sk.log_loss(TARGETS.ravel(), np.clip(PROBABILITIES, 1e-7, 1 - 1e-7).ravel())
    assert METRICS["log_loss"](SCORES) == pytest.approx(flat)
    assert METRICS["log_loss"](scores([[1]], [[0.0]])) == pytest.approx(-np.log(1e-7))


@pytest.mark.slow
def test_average_precision_is_that_of_scikit_learn_by_question() -> None:
    expected = np.mean(
        [sk.average_precision_score(*pair) for pair in zip(TARGETS, PROBABILITIES, strict=True)]
    )
    assert METRICS["mean_average_precision"](SCORES) == pytest.approx(expected)


def test_ndcg_is_that_of_scikit_learn() -> None:
    expected = sk.ndcg_score(TARGETS, PROBABILITIES, k=5)
    assert METRICS["ndcg_at_5"](SCORES) == pytest.approx(expected)


def test_calibration_error_is_the_mean_distance_of_probability_and_frequency() -> None:
    mild = scores([[1, 0, 0, 0]], [[0.5, 0.5, 0.1, 0.1]])  # half of .5 is right, none of .1
    assert METRICS["calibration_error"](mild) == pytest.approx(0.05)
    assert reliability(mild).frequencies.tolist() == [0, 0.5]
    assert reliability(mild).cells.tolist() == [2, 2]


def test_a_questions_recall_is_undefined_where_it_has_no_label() -> None:
    one = scores([[1, 0], [0, 0]], [[0.9, 0.1], [0.9, 0.1]])
    assert METRICS["recall_at_5"](one) == METRICS["ndcg_at_5"](one) == 1


def test_each_label_has_an_f1_of_its_own() -> None:
    expected = sk.f1_score(TARGETS, SCORES.predicted, average=None)
    assert label_f1(SCORES) == pytest.approx(expected)


def test_macro_f1_is_over_the_labels_that_occur() -> None:
    without = Scores(TARGETS * (np.arange(12) != 5), PROBABILITIES, SCORES.thresholds)
    occurs = [label for label in range(12) if label != 5]
    expected = sk.f1_score(without.targets, without.predicted, average="macro", labels=occurs)
    assert METRICS["macro_f1"](without) == pytest.approx(expected)


def test_a_system_that_predicts_nothing_has_an_f1_of_nought() -> None:
    nothing = all_metrics(scores([[0, 1]], [[0.0, 0.0]]))
    assert nothing["micro_f1"] == nothing["macro_f1"] == 0


@pytest.mark.slow
def test_categorical_accuracy_and_loss_are_those_of_keras() -> None:
    from trainer.systems.networks.keras_setup import import_keras

    metrics = import_keras().metrics
    accuracy, loss = metrics.CategoricalAccuracy(), metrics.BinaryCrossentropy()
    for metric in (accuracy, loss):
        metric.update_state(TARGETS.astype(np.float32), PROBABILITIES)
    assert METRICS["categorical_accuracy"](SCORES) == pytest.approx(float(accuracy.result()))
    assert METRICS["log_loss"](SCORES) == pytest.approx(float(loss.result()), rel=1e-4)
