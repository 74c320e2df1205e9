from pathlib import Path

import pytest

from core.errors import BrokerUnreachable
from core.settings import Settings
from review.metrics import broker
from review.metrics.broker import BrokerWatch, newest_signs
from tests.conftest import ManualClock


@pytest.mark.slow
def test_a_broker_that_is_away_is_told_in_one_line(tmp_path: Path, clock: ManualClock) -> None:
    state = BrokerWatch(Settings(data_dir=tmp_path), clock).look()
    assert state.error is not None
    assert "cannot be reached" in state.error
    assert "\n" not in state.error


def test_who_was_there_is_remembered(
    tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch, began = BrokerWatch(Settings(data_dir=tmp_path), clock), clock.now()
    monkeypatch.setattr(broker, "queue_lengths", lambda _: {"tagging": 2})
    monkeypatch.setattr(broker, "running_workers", lambda _: ["tagging@a"])
    assert watch.look().answering == ("tagging@a",)

    def away(_: object) -> None:
        raise BrokerUnreachable("away")

    clock.sleep(60)
    monkeypatch.setattr(broker, "queue_lengths", away)
    state = watch.look()
    assert (state.error, state.answering) == ("away", ())
    assert state.last_signs == {"tagging@a": began}


def test_of_two_signs_the_newer_one_counts(clock: ManualClock) -> None:
    began = clock.now()
    clock.sleep(60)
    in_database = {"tagging@a": began, "scheduler@a": began}
    assert newest_signs(in_database, {"tagging@a": clock.now()}) == {
        "tagging@a": clock.now(),
        "scheduler@a": began,
    }
