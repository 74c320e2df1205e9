import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.model.post_processing.calibration import (
    NO_CALIBRATION,
    Isotonic,
    Temperature,
    logit,
    sigmoid,
)
from trainer.scoring.calibration import choose_calibration, fit_isotonic, fit_platt

Probabilities = npt.NDArray[np.float64]


def drawn(probabilities: Probabilities) -> npt.NDArray[np.uint8]:
    """Targets that have these probabilities."""
    return (np.random.default_rng(1).random(probabilities.shape) < probabilities).astype(np.uint8)


def spread(questions: int = 5000, labels: int = 10) -> Probabilities:
    return sigmoid(np.random.default_rng(0).normal(-2, 2, (questions, labels)))


def test_scale_and_shift_are_found_again() -> None:
    decisions = np.random.default_rng(0).normal(0, 2, (5000, 10))
    targets = drawn(sigmoid(1.7 * decisions - 0.8))
    assert fit_platt(targets, decisions) == pytest.approx((1.7, -0.8), abs=0.06)


def test_decisions_worse_than_chance_are_flattened_but_not_turned_round() -> None:
    decisions = np.random.default_rng(0).normal(0, 2, (500, 10))
    scale, _ = fit_platt(drawn(sigmoid(-decisions)), decisions)
    assert 0 < scale < 0.1


def test_true_probabilities_are_left_alone() -> None:
    true = spread()
    choice = choose_calibration(drawn(true), true)
    assert [quality.kind for quality in choice.tried] == ["none", "temperature", "isotonic"]
    assert np.abs(choice.calibration.apply(true) - true).max() < 0.03


def test_temperature_is_chosen_where_probabilities_are_too_bold() -> None:
    true = spread()
    bold = sigmoid(2.5 * logit(true))
    choice = choose_calibration(drawn(true), bold)
    assert isinstance(choice.calibration, Temperature)
    assert choice.calibration.scale == pytest.approx(0.4, abs=0.02)
    by_kind = {quality.kind: quality for quality in choice.tried}
    assert by_kind["temperature"].log_loss < by_kind["none"].log_loss
    assert by_kind["temperature"].calibration_error < by_kind["none"].calibration_error


def test_isotonic_is_chosen_where_no_straight_line_mends_the_logits() -> None:
    true = spread()
    bent = np.where(true > 0.3, 0.3 + (true - 0.3) / 20, true)  # what is likely is told shyly
    choice = choose_calibration(drawn(true), bent)
    assert (choice.kind, type(choice.calibration)) == ("isotonic", Isotonic)
    assert np.abs(choice.calibration.apply(bent) - true).mean() < 0.01


def test_with_a_handful_of_tags_nothing_is_calibrated() -> None:
    bold = sigmoid(3 * logit(spread(5)))
    choice = choose_calibration(drawn(bold), bold)
    assert (choice.calibration, choice.tried) == (NO_CALIBRATION, ())


def test_isotonic_gives_the_frequencies() -> None:
    shown = np.tile([0.2, 0.4, 0.6, 0.8], 500)[:, None]
    true = np.tile([0.1, 0.3, 0.7, 0.9], 500)[:, None]
    found = fit_isotonic(drawn(true), shown).apply(shown)
    np.testing.assert_allclose(found, true, atol=0.05)


@settings(deadline=None)
@given(arrays(np.float64, (40, 3), elements=st.floats(0, 1)), st.integers(0, 9))
def test_isotonic_fits_anything_without_infinite_logits(raw: Probabilities, seed: int) -> None:
    targets = np.random.default_rng(seed).integers(0, 2, raw.shape).astype(np.uint8)
    for given_targets in (targets, np.zeros_like(targets), np.ones_like(targets)):
        found = fit_isotonic(given_targets, raw).apply(raw)
        assert np.isfinite(found).all()
