import os
import signal
from pathlib import Path
from types import SimpleNamespace

import pytest

from poller.shutdown import Shutdown, StoppableClock, shut_down_on_signals


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_next_wait_and_the_block(number: signal.Signals) -> None:
    clock, reached = StoppableClock(), []
    before = signal.getsignal(number)
    with shut_down_on_signals(clock):
        os.kill(os.getpid(), number)
        reached.append("what was under way")  # the signal itself interrupts nothing
        clock.sleep(3600)
        reached.append("after the wait")
    assert reached == ["what was under way"]
    assert clock.stopped()
    assert signal.getsignal(number) is before


def test_every_later_wait_ends_at_once_too() -> None:
    clock = StoppableClock()
    clock.stop()
    for _ in range(2):
        with pytest.raises(Shutdown):
            clock.sleep(3600)


def test_a_wait_that_nobody_ends_touches_the_heartbeat(tmp_path: Path) -> None:
    heartbeat = tmp_path / "heartbeat"
    clock = StoppableClock(heartbeat)
    clock.sleep(0)
    assert heartbeat.exists()
    assert not clock.stopped()


def test_a_long_wait_touches_the_heartbeat_all_along(tmp_path: Path) -> None:
    heartbeat = tmp_path / "heartbeat"
    clock, waits = StoppableClock(heartbeat), []

    def wait(seconds: float) -> bool:
        assert heartbeat.exists()
        heartbeat.unlink()
        waits.append(seconds)
        return False

    clock._stop = SimpleNamespace(wait=wait)  # type: ignore[assignment]
    clock.sleep(900)
    assert sum(waits) == 900
    assert max(waits) <= 60


def test_whoever_wants_to_is_told_of_each_beat() -> None:
    clock, beats = StoppableClock(), []
    clock.on_beat = lambda: beats.append(True)
    clock.sleep(0)
    assert beats == [True]
