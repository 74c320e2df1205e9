import pytest

from trainer.systems.branched.fitting_run import TimeEstimate


def test_the_time_left_is_by_the_speed_so_far() -> None:
    times = iter([100.0, 130.0])
    estimate = TimeEstimate(40, now=lambda: next(times))
    estimate.advance(10)
    assert estimate.left() == pytest.approx(90)
    estimate.advance(1000)
    assert estimate.done == estimate.of
