"""The file that shows that a service gets on."""

import os
from pathlib import Path

import pytest

from core.parts.heartbeat import Heartbeat, Watchdog
from tests.conftest import ManualClock


def test_every_beat_makes_the_file_as_new(tmp_path: Path) -> None:
    file = tmp_path / "heartbeat"
    heartbeat = Heartbeat(file)
    heartbeat.beat()
    os.utime(file, (0, 0))
    heartbeat.beat()
    assert file.stat().st_mtime > 0


def test_without_a_file_a_beat_leaves_no_trace(tmp_path: Path) -> None:
    Heartbeat(None).beat()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_touched_is_one_line_and_ends_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "none" / "heartbeat"
    heartbeat = Heartbeat(file)
    for _ in range(3):
        heartbeat.beat()
    told = f"TAGGER_HEARTBEAT_FILE, {file}, cannot be touched: No such file or directory. "
    assert [record.getMessage() for record in caplog.records] == [f"{told}The service goes on"]
    file.parent.mkdir()
    heartbeat.beat()
    assert file.exists()


def test_who_gets_on_lives_and_who_does_not_is_ended_with_the_reason(clock: ManualClock) -> None:
    ends: list[str] = []
    watchdog = Watchdog("the poller", 60, end=ends.append, monotonic=clock.monotonic)
    assert not watchdog.look()  # nothing has begun
    for _ in range(3):
        watchdog.feed()
        clock.sleep(59)
        assert not watchdog.look()
    clock.sleep(1)
    assert watchdog.look()
    assert ends == ["the poller has not got on for 60 s."]


def test_nobody_is_ended_who_has_come_to_an_end_himself(clock: ManualClock) -> None:
    ends: list[str] = []
    with Watchdog("the poller", 60, end=ends.append, monotonic=clock.monotonic) as watchdog:
        pass
    clock.sleep(61)
    assert not watchdog.look()
    assert ends == []
