import logging
from itertools import pairwise

import pytest

from core.errors import BrokerUnreachable, DatabaseUnreachable, SettingsError
from core.parts.retry import LONGEST_PAUSE, Outage, until_reachable
from tests.conftest import ManualClock


def test_what_is_down_is_waited_for_with_growing_pauses_and_told_once(
    clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    errors: list[Exception] = [DatabaseUnreachable("The database is away.") for _ in range(8)]
    calls: list[float] = []

    def action() -> str:
        calls.append(clock.now().timestamp())
        if errors:
            raise errors.pop()
        return "done"

    with caplog.at_level(logging.INFO):
        assert until_reachable(action, clock) == "done"
    waited = [after - before for before, after in pairwise(calls)]
    assert waited == [1, 2, 4, *[LONGEST_PAUSE] * 5]
    assert [record.getMessage() for record in caplog.records] == [
        "The database is away. Waiting for it.",
        "it is back after 32 s; going on",
    ]


def test_another_reason_is_told_too(clock: ManualClock, caplog: pytest.LogCaptureFixture) -> None:
    errors = [BrokerUnreachable("Redis is away."), DatabaseUnreachable("The database is away.")]

    def action() -> None:
        if errors:
            raise errors.pop()

    until_reachable(action, clock)
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert told == ["The database is away. Waiting for it.", "Redis is away. Waiting for it."]


def test_what_waiting_does_not_mend_is_raised_at_once(clock: ManualClock) -> None:
    began = clock.now()

    def action() -> None:
        raise SettingsError("a wrong value")

    with pytest.raises(SettingsError):
        until_reachable(action, clock)
    assert clock.now() == began


def test_an_outage_is_two_lines_and_the_second_says_how_long_it_was(
    clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    outage = Outage(logging.getLogger("test"), "the broker", monotonic=clock.monotonic)
    outage.end()  # there was none
    for reason in ("away", "away", "loading"):
        outage.note(reason)
        clock.sleep(10)
    assert outage.lasts
    outage.end()
    outage.end()
    assert caplog.messages == ["away", "the broker is back after 30 s; going on"]
    outage.note("again")
    assert caplog.messages[-1] == "again"


def test_waiting_may_have_an_end(clock: ManualClock) -> None:
    def action() -> None:
        raise DatabaseUnreachable("The database is away.")

    with pytest.raises(DatabaseUnreachable):
        until_reachable(action, clock, most_seconds=60)
    assert 60 <= clock.slept < 60 + LONGEST_PAUSE
    with pytest.raises(DatabaseUnreachable):
        until_reachable(action, clock, most_seconds=0)
