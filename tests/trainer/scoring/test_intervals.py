from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trainer.scoring.coverage import Coverage, made_up_site, measure_coverage
from trainer.scoring.intervals import (
    Estimate,
    _quantile,
    difference,
    estimate,
    estimate_all,
    macro_f1_bias,
    share,
)
from trainer.scoring.metrics import METRICS, Floats, Scores

PARTS = 120  # test parts: a coverage of .95 is measured to ± .04; the benchmark draws more
QUESTIONS = 200  # of each
LEAST = 0.90


@pytest.fixture(scope="module")
def coverage() -> dict[str, Coverage]:
    site = made_up_site(4000, 40, calibrated=True)
    return measure_coverage(site, questions=QUESTIONS, parts=PARTS)


@pytest.mark.parametrize("name", METRICS)
def test_a_95_percent_interval_contains_the_truth_in_95_of_100_test_parts(
    coverage: dict[str, Coverage], name: str
) -> None:
    assert coverage[name].covered >= LEAST
    if name != "calibration_error":  # whose truth is at the end of what is possible, 0
        assert coverage[name].covered < 1


def test_so_it_does_where_probabilities_are_too_sure() -> None:
    names = ("log_loss", "calibration_error", "macro_f1")
    site = made_up_site(4000, 40, calibrated=False)
    found = measure_coverage(site, questions=QUESTIONS, parts=PARTS, names=names)
    assert found["calibration_error"].truth > 0.005
    assert all(one.covered >= LEAST for one in found.values())


def test_macro_f1_of_rare_tags_is_too_low_by_what_is_said() -> None:
    site = METRICS["macro_f1"].parts(made_up_site(4000, 40, calibrated=True))
    truth = METRICS["macro_f1"].value(site.sum(axis=0))
    dice = np.random.default_rng(0)
    drawn = [site[dice.integers(0, len(site), QUESTIONS)].sum(axis=0) for _ in range(PARTS)]
    bias = np.mean([METRICS["macro_f1"].value(sums) for sums in drawn]) - truth
    assert bias < -0.01
    assert 3 * bias < np.mean([macro_f1_bias(sums) for sums in drawn]) < bias / 3
    assert macro_f1_bias(100 * site.sum(axis=0)) == pytest.approx(0, abs=0.002)


@pytest.mark.parametrize("name", METRICS)
def test_an_interval_contains_its_own_estimate(coverage: dict[str, Coverage], name: str) -> None:
    assert coverage[name].holds_estimate == 1


def test_students_quantile_is_that_of_the_tables() -> None:
    for questions, expected in ((11, 2.2281), (31, 2.0423), (1001, 1.9623)):
        assert _quantile(questions) == pytest.approx(expected, abs=0.001)


@settings(max_examples=30)
@given(
    questions=st.integers(1, 12),
    labels=st.integers(1, 6),
    frequency=st.sampled_from([0.05, 0.3, 1.0]),
    seed=st.integers(0, 1000),
)
def test_so_it_does_on_any_scores(questions: int, labels: int, frequency: float, seed: int) -> None:
    dice = np.random.default_rng(seed)
    targets = (dice.random((questions, labels)) < frequency).astype(np.uint8)
    probabilities = np.round(dice.random((questions, labels)), dice.integers(0, 3))
    found = estimate_all(Scores(targets, probabilities, np.full(labels, 0.5)))
    for name, one in found.items():
        assert 0 <= one.low <= one.value <= one.high <= METRICS[name].most, name


def test_what_all_questions_agree_on_is_still_not_certain() -> None:
    targets = np.eye(4, dtype=np.uint8)
    found = estimate_all(Scores(targets, targets.astype(float), np.full(4, 0.5)))
    assert found["precision_at_1"].value == found["precision_at_1"].high == 1
    assert 0.1 < found["precision_at_1"].low < 0.4  # of four questions


def test_a_mean_between_0_and_1_has_wilsons_interval() -> None:
    hits = np.arange(1000) < 300
    found = estimate("precision_at_1", np.column_stack([hits, np.ones(1000)]).astype(float))
    assert (found.low, found.high) == pytest.approx((0.2724, 0.3291), abs=2e-4)


def test_a_tag_that_no_question_has_says_nothing_of_macro_f1() -> None:
    scores = Scores(
        np.array([[1, 0], [1, 0]], np.uint8), np.array([[0.9, 0.1]] * 2), np.full(2, 0.5)
    )
    assert estimate_all(scores)["macro_f1"].value == 1


VALUE = METRICS["precision_at_1"].value


def parts(hits: npt.NDArray[np.floating[Any]]) -> Floats:
    return np.column_stack([hits, np.ones(len(hits))]).astype(np.float64)


def test_a_differences_interval_is_that_of_paired_questions() -> None:
    dice = np.random.default_rng(0)
    before = 0.8 * dice.random(400)
    after = before + 0.1 + dice.normal(0, 0.02, 400)  # what differs is little, what both vary much
    found = difference(VALUE, parts(before), parts(after))
    assert (found.low, found.high) == pytest.approx((0.098, 0.102), abs=0.002)
    assert found.low < found.value < found.high


def test_where_all_questions_changed_alike_two_of_them_are_still_no_certainty() -> None:
    found = difference(VALUE, parts(np.ones(2)), parts(np.zeros(2)))
    assert found.value == found.low == -1
    assert found.high > -0.5
    many = difference(VALUE, parts(np.ones(200)), parts(np.zeros(200)))
    assert many.high < -0.9


def test_what_is_equal_does_not_differ() -> None:
    same = parts(np.arange(9) % 2 * 1.0)
    assert difference(VALUE, same, same) == Estimate(0, 0, 0)


def test_a_difference_covers_the_truth_in_95_of_100_test_parts() -> None:
    dice = np.random.default_rng(1)
    truth = dice.random((20_000, 1))
    hits = (dice.random((20_000, 2)) < np.hstack([truth, np.minimum(truth + 0.05, 1)])) * 1.0
    expected = hits[:, 1].mean() - hits[:, 0].mean()
    drawn = [hits[dice.integers(0, len(hits), 150)] for _ in range(300)]
    found = [difference(VALUE, parts(one[:, 0]), parts(one[:, 1])) for one in drawn]
    covered = np.mean([one.low <= expected <= one.high for one in found])
    assert 0.92 <= covered < 1


def test_a_share_of_none_may_be_anything() -> None:
    assert (share(0, 0).low, share(0, 0).high) == (0, 1)
    assert share(3, 3).high == 1
    assert share(3, 3).low < 0.6
