"""The rate limit, as processes that share a database keep it."""

import random
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from core.database.api_tables import ApiSite
from core.errors import (
    ApiKeyRefused,
    ApiNotConnected,
    ApiPaused,
    ApiRefused,
    ApiThrottled,
    ApiUnreachable,
)
from poller.client import ApiAnswer, ApiRequest
from poller.rate_limit import RateLimit
from tests.conftest import ManualClock

ONE = ApiRequest("questions/unanswered", "stats", (("fromdate", "1"),))
SAME_METHOD = ApiRequest("questions/unanswered", "stats", (("fromdate", "2"),))
OTHER_METHOD = ApiRequest("questions", "stats")
OTHER_SITE = ApiRequest("questions/unanswered", "cooking")
GOOD = ApiAnswer(items=(), has_more=False, quota_max=300, quota_remaining=200)


def process(engine: Engine, clock: ManualClock, client: str = "api without key") -> RateLimit:
    """The rate limit of a new process on the same database."""
    return RateLimit(engine, client=client, quota_default=300, clock=clock, chance=random.Random(1))


def ask(rate_limit: RateLimit, request: ApiRequest, answer: ApiAnswer | Exception = GOOD) -> None:
    rate_limit.admit(request)
    if isinstance(answer, ApiAnswer):
        rate_limit.answered(request, answer)
    else:
        assert isinstance(answer, ApiRefused | ApiUnreachable)
        rate_limit.refused(request, answer)


def wait_for(rate_limit: RateLimit, request: ApiRequest, clock: ManualClock) -> float:
    """Seconds until a request would be admitted."""
    clock.sleep(0.2)
    try:
        rate_limit.admit(request)
    except ApiPaused as pause:
        return (pause.until - clock.now()).total_seconds()
    rate_limit.release(request)
    return 0.0


def test_an_identical_request_waits_for_the_minute_also_in_another_process(
    engine: Engine, clock: ManualClock
) -> None:
    ask(process(engine, clock), ONE)
    clock.sleep(20)
    other = process(engine, clock)
    assert 40 <= wait_for(other, ONE, clock) <= 42
    assert wait_for(other, SAME_METHOD, clock) == 0
    clock.sleep(41)
    assert wait_for(other, ONE, clock) == 0


def test_a_backoff_holds_for_its_method_and_site_also_after_a_restart(
    engine: Engine, clock: ManualClock
) -> None:
    ask(process(engine, clock), ONE, ApiAnswer(items=(), has_more=False, backoff=30))
    other = process(engine, clock)
    assert 30 < wait_for(other, SAME_METHOD, clock) <= 32
    assert wait_for(other, OTHER_METHOD, clock) == 0
    assert wait_for(other, OTHER_SITE, clock) == 0
    clock.sleep(32)
    assert wait_for(other, SAME_METHOD, clock) == 0


def test_a_backoff_in_an_error_is_obeyed_too(engine: Engine, clock: ManualClock) -> None:
    error = ApiRefused("no", error_id=400, error_name="bad_parameter", backoff=30.0)
    ask(process(engine, clock), ONE, error)
    assert 30 < wait_for(process(engine, clock), SAME_METHOD, clock) <= 32
    assert wait_for(process(engine, clock), OTHER_METHOD, clock) == 0


def test_a_throttle_violation_stops_every_site_for_as_long_as_it_says(
    engine: Engine, clock: ManualClock
) -> None:
    error = ApiThrottled("more", error_id=502, error_name="throttle_violation", seconds=46_472.0)
    ask(process(engine, clock), ONE, error)
    assert 46_400 < wait_for(process(engine, clock), OTHER_SITE, clock) < 46_480
    assert wait_for(process(engine, clock, "api key 1"), OTHER_SITE, clock) == 0


def test_pauses_grow_while_no_answer_can_be_read(engine: Engine, clock: ManualClock) -> None:
    rate_limit = process(engine, clock)
    waits = []
    for number in range(6):
        ask(
            rate_limit,
            ApiRequest("questions", "stats", (("page", str(number)),)),
            ApiUnreachable("no"),
        )
        waits.append(wait_for(rate_limit, OTHER_SITE, clock))
        clock.sleep(waits[-1] + 1)
    assert waits[0] <= 10
    assert waits[5] > 100
    assert max(waits) <= 300


def test_an_error_behind_a_long_outage_is_paused_for_as_the_first_one(
    engine: Engine, clock: ManualClock
) -> None:
    rate_limit = process(engine, clock)
    for _ in range(30):
        ask(rate_limit, ONE, ApiNotConnected("no"))
        clock.sleep(20)
    ask(rate_limit, ONE, ApiUnreachable("no"))
    assert 0 < wait_for(rate_limit, OTHER_SITE, clock) <= 10


def test_a_request_that_was_never_sent_waits_for_no_minute_and_does_not_count(
    engine: Engine, clock: ManualClock
) -> None:
    rate_limit = process(engine, clock)
    ask(rate_limit, OTHER_SITE)
    clock.sleep(1)
    for _ in range(10):
        ask(rate_limit, ONE, ApiNotConnected("no"))
        assert 0 < wait_for(rate_limit, ONE, clock) <= 20
        clock.sleep(20)
        assert rate_limit.quota().remaining == 200
    assert wait_for(rate_limit, ONE, clock) == 0


@pytest.mark.parametrize("error", ["backoff", "throttle", "no answer"])
def test_no_pause_outlives_the_clock_that_was_ahead_when_it_was_made(
    engine: Engine, clock: ManualClock, error: str
) -> None:
    clock.time += timedelta(hours=10)
    answers: dict[str, ApiAnswer | Exception] = {
        "backoff": ApiAnswer(items=(), has_more=False, backoff=10),
        "throttle": ApiThrottled("more", error_id=502, error_name="t", seconds=80_000.0),
        "no answer": ApiUnreachable("no"),
    }
    wedged = process(engine, clock)
    ask(wedged, ONE, answers[error])
    clock.time -= timedelta(hours=10)
    assert wait_for(wedged, SAME_METHOD, clock) == 0
    again = ApiRequest(ONE.method, ONE.site, (("fromdate", "3"),))
    assert wait_for(process(engine, clock), again, clock) == 0


def test_a_quota_that_was_used_up_by_a_clock_ahead_is_asked_for_anew(
    engine: Engine, clock: ManualClock
) -> None:
    clock.time += timedelta(days=2)
    ask(
        process(engine, clock),
        ONE,
        ApiAnswer(items=(), has_more=False, quota_max=9, quota_remaining=0),
    )
    clock.time -= timedelta(days=2)
    assert wait_for(process(engine, clock), OTHER_SITE, clock) == 0


def test_a_key_that_is_refused_stops_every_site_for_longer_and_longer(
    engine: Engine, clock: ManualClock
) -> None:
    rate_limit = process(engine, clock, "api key 1")
    error = ApiKeyRefused("no such key", error_id=400, error_name="bad_parameter")
    waits = []
    for number in range(6):
        ask(rate_limit, ApiRequest("questions", "stats", (("page", str(number)),)), error)
        waits.append(wait_for(rate_limit, OTHER_SITE, clock))
        clock.sleep(waits[-1] + 1)
    assert 299 < waits[0] <= 600
    assert 3600 <= max(waits) <= 7200
    assert wait_for(process(engine, clock, "api key 2"), OTHER_SITE, clock) == 0  # it is corrected


def test_a_clock_that_is_set_back_an_hour_holds_nothing_up_for_one(
    engine: Engine, clock: ManualClock
) -> None:
    process(engine, clock).admit(ONE)
    clock.time -= timedelta(hours=1)
    other = process(engine, clock)
    assert wait_for(other, ONE, clock) == 0
    assert wait_for(process(engine, clock), ONE, clock) > 50  # and the rules hold by the new time


def test_two_requests_keep_a_gap(engine: Engine, clock: ManualClock) -> None:
    ask(process(engine, clock), ONE)
    with pytest.raises(ApiPaused):
        process(engine, clock).admit(OTHER_SITE)


def test_a_used_up_quota_waits_for_its_renewal(engine: Engine, clock: ManualClock) -> None:
    empty = ApiAnswer(items=(), has_more=False, quota_max=300, quota_remaining=0)
    ask(process(engine, clock), ONE, empty)
    other = process(engine, clock)
    assert 86_000 < wait_for(other, OTHER_SITE, clock) < 86_500
    clock.sleep(86_400)
    assert wait_for(other, OTHER_SITE, clock) == 0
    assert other.quota().remaining > 290


def test_the_quota_is_what_the_answers_say_and_counts_those_that_said_nothing(
    engine: Engine, clock: ManualClock
) -> None:
    rate_limit = process(engine, clock)
    assert (rate_limit.quota().maximum, rate_limit.quota().remaining) == (300, 300)
    ask(
        rate_limit,
        ONE,
        ApiAnswer(items=(), has_more=False, quota_max=10_000, quota_remaining=9_000),
    )
    clock.sleep(1)
    ask(rate_limit, OTHER_METHOD, ApiUnreachable("no"))
    assert (rate_limit.quota().maximum, rate_limit.quota().remaining) == (10_000, 8_999)
    assert rate_limit.quota().seconds_left == pytest.approx(86_399)


def test_whose_client_asks_for_a_site_is_known(engine: Engine, clock: ManualClock) -> None:
    def clients() -> dict[str, str]:
        with engine.connect() as connection:
            return dict(connection.execute(select(ApiSite.site, ApiSite.client)).all())

    for client in ("api without key", "api with key 1"):
        ask(process(engine, clock, client), ONE)
        ask(process(engine, clock, "demo without key"), OTHER_SITE)
        assert clients() == {"stats": client, "cooking": "demo without key"}
        clock.sleep(70)
