import pytest

from trainer.progress import SPANS, TimeEstimate


class Wall:
    """A clock on the wall, and somebody who works by it."""

    def __init__(self, of: int) -> None:
        self.seconds = 0.0
        self.estimate = TimeEstimate(of, now=lambda: self.seconds)

    def work(self, seconds: int, *, a_second: int) -> None:
        for _ in range(seconds):
            self.seconds += 1
            self.estimate.advance(a_second)


def test_at_one_speed_the_time_left_is_what_it_takes() -> None:
    wall = Wall(1000)
    wall.work(500, a_second=1)
    left = wall.estimate.left()
    assert left is not None
    assert left.likely == pytest.approx(500)
    assert left.low < 500 < left.high
    wall.work(500, a_second=1)
    assert str(wall.estimate.left()) == "about 0:00 left"


def test_what_the_last_minutes_did_counts_and_not_a_slow_start() -> None:
    wall = Wall(10_000)
    wall.work(400, a_second=1)
    wall.work(int(max(SPANS)), a_second=10)
    left = wall.estimate.left()
    assert left is not None
    assert left.likely == pytest.approx((10_000 - 400 - 1200) / 10, rel=0.02)


def test_a_change_of_speed_makes_it_less_sure() -> None:
    wall = Wall(10_000)
    wall.work(200, a_second=2)
    before = wall.estimate.left()
    wall.work(40, a_second=20)
    after = wall.estimate.left()
    assert before is not None
    assert after is not None
    assert after.low < (10_000 - 400 - 800) / 20 < after.high  # as it will go on
    assert after.high / after.low > 2 * before.high / before.low


def test_what_was_done_before_takes_no_time_and_says_nothing_of_speed() -> None:
    wall = Wall(1000)
    wall.estimate.skip(400)
    wall.work(100, a_second=2)
    left = wall.estimate.left()
    assert left is not None
    assert left.likely == pytest.approx(200)


def test_another_kind_of_work_is_measured_by_itself() -> None:
    wall = Wall(1000)
    wall.work(100, a_second=1)
    wall.estimate.restart()
    assert wall.estimate.left() is None
    wall.work(10, a_second=9)
    left = wall.estimate.left()
    assert left is not None
    assert left.likely == pytest.approx(90)


def test_no_more_is_done_than_there_is() -> None:
    wall = Wall(40)
    wall.work(1, a_second=1000)
    assert wall.estimate.done == 40


def test_nothing_is_left_at_the_end_however_soon_it_came() -> None:
    wall = Wall(40)
    assert wall.estimate.left() is None
    wall.estimate.advance(40)  # no time has passed by which anything could be measured
    assert str(wall.estimate.left()) == "about 0:00 left"
