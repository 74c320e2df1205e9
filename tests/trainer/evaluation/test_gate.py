import numpy as np
import pytest

from trainer.evaluation.gate import (
    GateDecision,
    LiveState,
    PairedComparison,
    compare_paired,
    decide_promotion,
    overrule,
    ranking_quality,
)
from trainer.scoring.metrics import Scores

THRESHOLDS = np.full(3, 0.5)


def comparison(confidence: float, *, low: float = -0.1) -> PairedComparison:
    return PairedComparison(0.7, 0.6, low, 0.3, confidence, 100)


SURE = comparison(1.0, low=0.01)


def quality(
    targets: list[list[int]], probabilities: list[list[float]], tags: list[int]
) -> list[float]:
    scores = Scores(np.array(targets, np.uint8), np.array(probabilities), THRESHOLDS)
    return [float(value) for value in ranking_quality(scores, np.array(tags))]


def test_the_right_tag_on_the_first_place_is_worth_one() -> None:
    assert quality([[0, 1, 0]], [[0.1, 0.8, 0.2]], [1]) == [1.0]


def test_the_right_tag_on_the_second_place_is_discounted() -> None:
    assert quality([[0, 1, 0]], [[0.9, 0.8, 0.2]], [1]) == pytest.approx([1 / np.log2(3)])


def test_a_tag_that_the_system_does_not_know_counts_against_it() -> None:
    (known,) = quality([[0, 1, 0]], [[0.1, 0.8, 0.2]], [1])
    (unknown,) = quality([[0, 1, 0]], [[0.1, 0.8, 0.2]], [2])
    assert unknown == pytest.approx(1 / (1 + 1 / np.log2(3)))
    assert unknown < known


def test_a_question_whose_tags_are_all_unknown_is_worth_nothing() -> None:
    assert quality([[0, 0, 0]], [[0.1, 0.8, 0.2]], [3]) == [0.0]


def test_a_clear_lead_is_sure_and_an_equal_one_is_a_coins_throw() -> None:
    dice = np.random.default_rng(1)
    other = dice.random(300)
    ahead = compare_paired(other + 0.1, other)
    assert (ahead.confidence, ahead.questions) == (1.0, 300)
    assert ahead.low == pytest.approx(0.1)
    assert compare_paired(other, other).confidence == 0.5


@pytest.mark.parametrize(("questions", "held"), [(30, 0.88), (100, 0.92), (500, 0.92)])
def test_the_interval_of_a_difference_holds_the_true_one_as_often_as_it_says(
    questions: int, held: float
) -> None:
    """Of two systems that differ on one question in seven, as versions of a model do."""
    dice, ranks = np.random.default_rng(2), np.array([0, 0.39, 0.63, 1])
    other = dice.choice(ranks, 50_000, p=[0.3, 0.15, 0.2, 0.35])
    changed = np.where(
        dice.random(50_000) < 0.15, dice.choice(ranks, 50_000, p=[0.2, 0.15, 0.2, 0.45]), other
    )
    true = (changed - other).mean()
    found = []
    for _ in range(400):
        drawn = dice.integers(0, 50_000, questions)
        found.append(compare_paired(changed[drawn], other[drawn], resamples=10))
    assert np.mean([one.low <= true <= one.high for one in found]) >= held
    assert all(one.low <= one.difference <= one.high for one in found)


@pytest.mark.parametrize(
    ("live", "baseline", "state", "promote", "reason"),
    [
        (comparison(0.9), comparison(0.9), "evaluated", True, "ahead of the live version"),
        (
            comparison(0.6),
            comparison(0.9),
            "evaluated",
            False,
            "not surely ahead of the live version",
        ),
        (
            comparison(0.1),
            comparison(0.9),
            "evaluated",
            False,
            "not surely ahead of the live version",
        ),
        (comparison(0.9), comparison(0.1), "evaluated", False, "below the linear baseline"),
        (comparison(0.9), comparison(0.5), "evaluated", True, "ahead of the live version"),
        (comparison(0.9), None, "evaluated", False, "no linear baseline could be fitted"),
        (None, comparison(0.9), "too few questions", False, "too few questions"),
        (None, comparison(0.9), "refused", True, "bundle is refused"),
        (None, comparison(0.1), "refused", False, "below the linear baseline"),
        (None, comparison(0.9), "no encoder", False, "a sentence encoder that is not here; beside"),
        (None, comparison(0.9), "none", True, "had no live version; beside the linear baseline"),
        (None, comparison(0.1), "none", False, "below the linear baseline"),
        (None, None, "none", False, "no linear baseline could be fitted"),
    ],
)
def test_a_candidate_is_promoted_only_where_it_is_ahead(
    live: PairedComparison | None,
    baseline: PairedComparison | None,
    state: LiveState,
    promote: bool,
    reason: str,
) -> None:
    decision = decide_promotion(live, baseline, SURE, live=state, confidence=0.8)
    assert decision.promote is promote
    assert reason in decision.reason
    assert decision.reason.count("nDCG@5") == sum(one is not None for one in (live, baseline))


def test_a_version_of_an_old_network_needs_no_baseline() -> None:
    decision = decide_promotion(None, None, SURE, live="none", confidence=0.8, needs_baseline=False)
    assert decision.promote
    assert decision.reason == "the site had no live version"


@pytest.mark.parametrize(
    ("ahead", "new_tags", "promote"),
    [(0.6, ("jax", "polars"), True), (0.4, ("jax", "polars"), False), (0.6, (), False)],
)
def test_a_level_candidate_goes_live_for_new_tags(
    ahead: float, new_tags: tuple[str, ...], promote: bool
) -> None:
    decision = decide_promotion(
        comparison(ahead),
        comparison(0.9),
        SURE,
        live="evaluated",
        confidence=0.8,
        new_tags=new_tags,
    )
    assert decision.promote is promote
    level = "level with the live version, and knows 2 tags in use that it does not (jax, polars)"
    assert (level in decision.reason) is promote


@pytest.mark.parametrize("state", ["none", "refused", "evaluated"])
@pytest.mark.parametrize("baseline", [None, comparison(0.9)])
def test_what_is_not_surely_better_than_the_most_frequent_tags_never_goes_live(
    state: LiveState, baseline: PairedComparison | None
) -> None:
    live = comparison(0.9) if state == "evaluated" else None
    frequent = comparison(0.97, low=0.0)
    decision = decide_promotion(live, baseline, frequent, live=state, confidence=0.5)
    assert not decision.promote
    assert decision.reason.startswith("not surely better than always suggesting the most frequent")
    assert decision.against_frequent == frequent


YES = GateDecision(promote=True, reason="ahead", against_live=None, against_baseline=None)
NO = GateDecision(promote=False, reason="not ahead", against_live=None, against_baseline=None)


def test_the_gates_decision_stands_without_an_option_and_without_a_change() -> None:
    for decision in (YES, NO):
        assert overrule(decision, None, live_is_the_same=True) == decision
    assert overrule(NO, None, live_is_the_same=False) == NO


@pytest.mark.parametrize("same", [True, False])
def test_an_option_is_above_the_gate_and_above_a_change_of_the_live_version(same: bool) -> None:
    kept = overrule(YES, False, live_is_the_same=same)
    assert (kept.promote, kept.reason) == (False, "--no-promote; ahead")
    assert overrule(NO, True, live_is_the_same=same).promote
