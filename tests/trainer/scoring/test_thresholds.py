from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.metrics import f1_score

from trainer.scoring.thresholds import HIGHEST, LOWEST, NEVER, choose_thresholds


def columns(*values: Sequence[float]) -> npt.NDArray[np.float64]:
    return np.array(values, np.float64).T


def flags(*values: Sequence[int]) -> npt.NDArray[np.uint8]:
    return np.array(values, np.uint8).T


def test_a_threshold_lies_between_right_and_wrong() -> None:
    (chosen,) = choose_thresholds(flags([1, 1, 0, 0]), columns([0.9, 0.8, 0.2, 0.1]))
    assert 0.2 < chosen < 0.8


def many_tags(*, questions: int = 4000) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float64]]:
    """Tags of many frequencies, with probabilities that are too bold for some of them."""
    dice = np.random.default_rng(0)
    logits = dice.normal(-2, 2, (questions, 20)) - np.linspace(0, 3, 20)
    targets = (dice.random(logits.shape) < 1 / (1 + np.exp(-logits))).astype(np.uint8)
    return targets, 1 / (1 + np.exp(-(logits + np.tile([-0.7, 0.0, 0.0, 0.7], 5))))


def micro_f1(
    targets: npt.NDArray[np.uint8],
    probabilities: npt.NDArray[np.float64],
    thresholds: npt.NDArray[np.float64] | float,
) -> float:
    return float(f1_score(targets, probabilities >= thresholds, average="micro"))


@pytest.mark.slow
def test_on_other_questions_they_are_better_than_any_one_threshold_for_all() -> None:
    targets, probabilities = many_tags()
    chosen = choose_thresholds(targets[:1000], probabilities[:1000])
    others = targets[1000:], probabilities[1000:]
    best = max(micro_f1(*others, threshold) for threshold in np.arange(0.1, 0.9, 0.02))
    assert micro_f1(*others, chosen) > best


def two_labels(*, uses: int) -> npt.NDArray[np.float64]:
    """The threshold of a label whose own best is .1, beside frequent ones whose best is .5."""
    frequent = [0.9] * 400 + [0.2] * 20 + [0.15] * 380
    targets = flags([1] * 400 + [0] * 400, [1] * uses + [0] * (800 - uses))
    return choose_thresholds(targets, columns(frequent, [0.15] * uses + [0.05] * (800 - uses)))


def test_a_label_with_many_uses_has_a_threshold_of_its_own() -> None:
    frequent, other = two_labels(uses=400)
    assert 0.2 < frequent < 0.9
    assert 0.05 < other < 0.15


def test_a_rarer_label_has_a_threshold_nearer_to_what_serves_all() -> None:
    thresholds = [two_labels(uses=uses)[1] for uses in (400, 100, 20, 5, 1, 0)]
    assert thresholds == sorted(thresholds)
    assert thresholds[-1] > 0.2


def test_no_tag_is_suggested_everywhere() -> None:
    chosen = choose_thresholds(flags([1] * 9, [0] * 9), columns([0.01] * 9, [0.0] * 9))
    assert (chosen >= LOWEST - 1e-9).all()


def test_thresholds_are_probabilities_even_where_a_label_is_certain() -> None:
    chosen = choose_thresholds(flags([1, 0], [0, 0]), columns([1.0, 0.0], [0.0, 0.0]))
    assert ((chosen > 0) & (chosen <= HIGHEST + 1e-9)).all()


@pytest.mark.parametrize("least", [0.5, 0.7, 0.9])
def test_suggestions_keep_the_precision_on_other_questions(least: float) -> None:
    targets, probabilities = many_tags()
    chosen = choose_thresholds(targets[:1000], probabilities[:1000], min_precision=least)
    suggested = probabilities[1000:] >= chosen
    right = suggested & (targets[1000:] == 1)
    assert right.sum() / suggested.sum() > least - 0.02
    frequent = suggested.sum(axis=0) >= 100
    assert (right.sum(axis=0) / suggested.sum(axis=0))[frequent].min() > least - 0.15


def test_more_precision_takes_higher_thresholds() -> None:
    targets, probabilities = many_tags()
    rising = [choose_thresholds(targets, probabilities, min_precision=p) for p in (0.5, 0.7, 0.9)]
    assert (np.diff(rising, axis=0) >= 0).all()


def test_a_tag_that_never_is_precise_enough_is_not_suggested() -> None:
    right, wrong = [1] * 400 + [0] * 400, [0, 1] * 400
    same = [0.9] * 400 + [0.2] * 400
    good, bad = choose_thresholds(flags(right, wrong), columns(same, same), min_precision=0.8)
    assert good < 0.9
    assert bad == NEVER


def test_where_nothing_is_precise_enough_nothing_is_suggested() -> None:
    targets, probabilities = flags([0, 0, 0], [0, 0, 1]), columns([0.9, 0.5, 0.0], [0.9, 0.8, 0.1])
    chosen = choose_thresholds(targets, probabilities, min_precision=0.8)
    assert (chosen == NEVER).all()
    assert np.isfinite(chosen).all()


def test_a_rare_tag_that_was_right_once_is_not_suggested_more_boldly_than_others() -> None:
    frequent = [0.9] * 400 + [0.3] * 400
    once = [0.1] + [0.05] * 799
    targets = flags([1] * 400 + [0] * 400, [1] + [0] * 799)
    _, rare = choose_thresholds(targets, columns(frequent, once), min_precision=0.8)
    assert rare > 0.2
