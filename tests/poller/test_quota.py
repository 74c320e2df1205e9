import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.quota import DAY, REQUESTS_A_PASS, Quota, QuotaPlan, next_reset, plan_quota


def plan(quota: Quota, *, sites: int = 1, poll: float = 300, history: bool = False) -> QuotaPlan:
    return plan_quota(quota, sites=sites, poll_seconds=poll, changed_seconds=1800, history=history)


def spent(made: QuotaPlan, sites: int, seconds: float) -> float:
    """Requests that a plan makes in so many seconds, history left out."""
    passes = (made.live_seconds, made.changed_seconds, made.refresh_seconds)
    return sites * REQUESTS_A_PASS * sum(seconds / one for one in passes)


def test_with_a_key_every_feed_keeps_its_wished_pace() -> None:
    made = plan(Quota(10_000, 10_000, DAY), sites=3)
    assert (made.live_seconds, made.changed_seconds) == (300, 1800)


def test_three_sites_without_a_key_last_the_day() -> None:
    made = plan(Quota(300, 300, DAY), sites=3, history=True)
    assert spent(made, 3, DAY) + made.history_requests <= 300
    assert made.live_seconds < 3600


def test_what_is_left_of_the_day_shortens_what_each_feed_is_to_keep() -> None:
    morning = plan(Quota(300, 300, DAY), history=True)
    evening = plan(Quota(300, 200, DAY / 8), history=True)
    assert evening.live_seconds == morning.live_seconds
    assert evening.history_requests > morning.history_requests


def test_new_questions_come_first_and_history_last() -> None:
    made = plan(Quota(300, 60, DAY / 2), history=True)
    assert made.live_seconds < DAY / 2
    assert math.isinf(made.refresh_seconds)
    assert made.history_requests == 0


def test_history_gets_its_share_while_there_is_some_to_fetch() -> None:
    assert plan(Quota(300, 300, DAY), history=True).history_requests > 50
    assert (
        plan(Quota(300, 300, DAY)).live_seconds
        < plan(Quota(300, 300, DAY), history=True).live_seconds
    )


def test_nothing_is_planned_with_nothing_left() -> None:
    made = plan(Quota(300, 0, DAY / 2))
    assert made == QuotaPlan(math.inf, math.inf, math.inf, 0)


@given(
    maximum=st.integers(1, 100_000),
    share=st.floats(0, 1),
    seconds=st.floats(1, DAY),
    sites=st.integers(1, 50),
    poll=st.floats(1, DAY),
    history=st.booleans(),
)
def test_no_plan_spends_more_than_is_left(
    maximum: int, share: float, seconds: float, sites: int, poll: float, history: bool
) -> None:
    quota = Quota(maximum, int(maximum * share), seconds)
    made = plan(quota, sites=sites, poll=poll, history=history)
    assert made.live_seconds >= poll
    assert spent(made, sites, seconds) + made.history_requests <= quota.remaining + 1e-6


@pytest.mark.parametrize("hour", [0, 12, 23])
def test_the_quota_is_renewed_at_midnight(hour: int) -> None:
    now = datetime(2026, 2, 28, hour, 59, tzinfo=UTC)
    assert next_reset(now) == datetime(2026, 3, 1, tzinfo=UTC)
