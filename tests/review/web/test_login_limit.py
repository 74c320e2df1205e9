"""How often a login may fail."""

from review.web.login_limit import (
    MOST_ADDRESSES,
    MOST_IN_ALL,
    MOST_OF_AN_ADDRESS,
    WINDOW_SECONDS,
    LoginLimit,
)
from tests.conftest import ManualClock


def fail(limit: LoginLimit, clock: ManualClock, times: int, address: str = "a") -> None:
    for _ in range(times):
        limit.count_failure(address, clock.monotonic())


def test_an_address_waits_after_so_many_failures(clock: ManualClock) -> None:
    limit = LoginLimit()
    fail(limit, clock, MOST_OF_AN_ADDRESS - 1)
    assert limit.seconds_to_wait("a", clock.monotonic()) == 0
    fail(limit, clock, 1)
    assert limit.seconds_to_wait("a", clock.monotonic()) == WINDOW_SECONDS + 1
    assert limit.seconds_to_wait("b", clock.monotonic()) == 0
    clock.sleep(WINDOW_SECONDS)
    assert limit.seconds_to_wait("a", clock.monotonic()) == 0


def test_all_wait_where_many_addresses_try(clock: ManualClock) -> None:
    limit = LoginLimit()
    for number in range(MOST_IN_ALL):
        limit.count_failure(str(number), clock.monotonic())
    assert limit.seconds_to_wait("somebody else", clock.monotonic()) > 0


def test_it_remembers_no_more_addresses_than_it_says(clock: ManualClock) -> None:
    limit = LoginLimit()
    for number in range(MOST_ADDRESSES + 5):
        limit.count_failure(str(number), clock.monotonic())
    assert len(limit._by_address) == MOST_ADDRESSES
