"""The machine's clock."""

from datetime import UTC, datetime, timedelta

from core.clock import SystemClock


def test_it_tells_the_present_in_utc_and_lets_time_pass() -> None:
    clock = SystemClock()
    before = clock.now()
    assert before.tzinfo is UTC
    assert abs(datetime.now(UTC) - before) < timedelta(seconds=5)
    clock.sleep(0.01)
    assert clock.now() - before >= timedelta(seconds=0.01)
