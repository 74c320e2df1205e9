import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from core.model.post_processing.calibration import (
    MOST_POINTS,
    Calibration,
    Isotonic,
    Temperature,
    logit,
    sigmoid,
)

ADAPTER: TypeAdapter[Temperature | Isotonic] = TypeAdapter(Calibration)

LOGITS = st.lists(st.floats(-100, 100), min_size=1, max_size=12, unique=True).map(sorted)


def test_temperature_scales_and_shifts_logits() -> None:
    logits = np.array([-3.0, 0.0, 2.0])
    expected = 1 / (1 + np.exp(-(0.5 * logits - 1)))
    found = Temperature(scale=0.5, shift=-1.0).apply(sigmoid(logits))
    np.testing.assert_allclose(found, expected)


def test_by_default_nothing_is_changed() -> None:
    probabilities = np.array([[0.0, 1e-12, 0.3], [0.5, 0.999999999, 1.0]])
    np.testing.assert_array_equal(Temperature().apply(probabilities), probabilities)


def test_isotonic_is_a_line_from_point_to_point_that_rises_by_one_beyond() -> None:
    calibration = Isotonic(logits=(-1.0, 1.0), values=(-2.0, 4.0))
    found = calibration.apply(sigmoid(np.array([-3.0, -1.0, 0.0, 1.0, 2.0])))
    np.testing.assert_allclose(logit(found), [-4.0, -2.0, 1.0, 4.0, 5.0])


def test_one_point_is_a_shift() -> None:
    found = Isotonic(logits=(0.0,), values=(1.5,)).apply(sigmoid(np.array([-2.0, 0.0, 2.0])))
    np.testing.assert_allclose(logit(found), [-0.5, 1.5, 3.5])


@given(LOGITS, LOGITS, st.lists(st.floats(0, 1), min_size=1))
def test_no_calibration_turns_the_order_round(
    logits: list[float], values: list[float], probabilities: list[float]
) -> None:
    points = min(len(logits), len(values))
    calibration = Isotonic(logits=tuple(logits[:points]), values=tuple(values[:points]))
    found = calibration.apply(np.array(sorted(probabilities)))
    assert np.isfinite(found).all()
    assert (np.diff(found) >= 0).all()
    assert ((found >= 0) & (found <= 1)).all()


def test_what_the_network_tells_apart_stays_apart() -> None:
    calibration = Isotonic(logits=(-3.0, 0.0, 3.0), values=(-0.1, 0.0, 0.1))
    assert (np.diff(calibration.apply(np.linspace(0.01, 0.99, 1000))) > 0).all()


@pytest.mark.parametrize("calibration", [Temperature(scale=100.0, shift=100.0), Temperature()])
def test_certain_probabilities_stay_finite(calibration: Temperature) -> None:
    assert np.isfinite(calibration.apply(np.array([0.0, 1.0], np.float32))).all()


@pytest.mark.parametrize(
    "calibration",
    [
        Temperature(scale=0.9, shift=-0.1),
        Isotonic(logits=(-1.0, 2.0), values=(-1.25, 2.5)),
    ],
)
def test_a_calibration_comes_back_from_json(calibration: Temperature | Isotonic) -> None:
    assert ADAPTER.validate_json(calibration.model_dump_json()) == calibration


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('{"kind": "isotonic", "logits": [0, 1], "values": [0]}', "1 values for 2 logits"),
        ('{"kind": "isotonic", "logits": [1, 0], "values": [0, 1]}', "ascend"),
        ('{"kind": "isotonic", "logits": [0, 1], "values": [0, 0]}', "ascend"),
        ('{"kind": "isotonic", "logits": [], "values": []}', "at least 1"),
        ('{"kind": "isotonic", "logits": [0], "values": [1e9]}', "less than or equal"),
        ('{"kind": "isotonic", "logits": [NaN], "values": [0]}', "finite"),
        ('{"kind": "temperature", "scale": 0}', "greater than 0"),
        ('{"kind": "temperature", "scale": -1}', "greater than 0"),
        ('{"kind": "temperature", "scale": Infinity}', "finite"),
        ('{"kind": "temperature", "more": 1}', "not permitted"),
        ('{"kind": "beta"}', "does not match"),
        ("[1, 0]", "object"),
    ],
)
def test_a_calibration_that_would_do_harm_is_refused(text: str, wrong: str) -> None:
    with pytest.raises(ValidationError, match=wrong):
        ADAPTER.validate_json(text)


def test_a_calibration_has_so_many_points_at_most() -> None:
    rising = tuple(np.linspace(-9, 9, MOST_POINTS + 1).tolist())
    with pytest.raises(ValidationError, match="at most"):
        Isotonic(logits=rising, values=rising)
