import logging
from itertools import pairwise

import pytest

from core.errors import BrokerUnreachable, DatabaseUnreachable, SettingsError
from core.retry import LONGEST_PAUSE, until_reachable
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
    assert waited == [1, 2, 4, 8, 16, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE]
    assert [record.getMessage() for record in caplog.records] == [
        "The database is away. Waiting for it.",
        "it is back; going on",
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
