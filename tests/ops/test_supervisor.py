import os
import signal
import sys
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.errors import ServiceFailed
from ops.supervisor import LONGEST_RESTART_SECONDS, Service, Supervisor, alone, tagger
from tests.conftest import ManualClock
from tests.processes import environment, wait_until


@pytest.mark.slow
def test_a_service_that_ends_is_started_again(tmp_path: Path, clock: ManualClock) -> None:
    env = environment(data_dir=tmp_path)
    services = {"scheduler": tagger("scheduler")}
    log = tmp_path / "log"
    with Supervisor(services, environment=env, log_file=log, clock=clock) as supervisor:
        first = pid_of(supervisor)
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: ended(supervisor), seconds=20, what="the supervisor saw it end")
        clock.sleep(10)
        supervisor.check()
        assert pid_of(supervisor) != first
    assert not alive(first)


@pytest.mark.slow
def test_a_service_that_never_starts_well_ends_it_all_with_its_name(
    tmp_path: Path, clock: ManualClock
) -> None:
    env = environment(data_dir=tmp_path)
    log = tmp_path / "log"
    services = {"poller": [sys.executable, "-c", "raise SystemExit(2)"]}

    def until_it_gives_up() -> bool:
        if ended(supervisor):
            clock.sleep(LONGEST_RESTART_SECONDS)
        return False

    with (
        Supervisor(
            services, environment=env, log_file=log, gives_up=True, clock=clock
        ) as supervisor,
        pytest.raises(ServiceFailed, match=r"The poller ends right after its start \(status 2\)"),
    ):
        wait_until(until_it_gives_up, seconds=120, what="it gave up")


def test_a_service_whose_needs_are_away_is_tried_every_minute_for_ever(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service("poller", ["none"], process=None)
    supervisor = Supervisor({"poller": ["none"]}, clock=clock)
    supervisor._services, started = [service], []

    def start(one: Service) -> None:
        started.append(clock.monotonic())
        one.started = clock.monotonic()
        one.process = SimpleNamespace(poll=lambda: 1, stdin=None, pid=0)  # type: ignore[assignment]

    monkeypatch.setattr(supervisor, "_start", start)
    for _ in range(4000):
        supervisor.check()
        clock.sleep(0.5)
    pauses = [after - before for before, after in pairwise(started)]
    assert len(pauses) > 30
    assert pauses[0] < 10
    assert 60 <= pauses[-1] < 62


def test_a_second_service_in_one_folder_is_refused(tmp_path: Path) -> None:
    with alone(tmp_path), pytest.raises(ServiceFailed, match="runs already"), alone(tmp_path):
        pass
    with alone(tmp_path):
        pass


def pid_of(supervisor: Supervisor) -> int:
    process = supervisor._services[0].process
    assert process is not None
    return process.pid


def ended(supervisor: Supervisor) -> bool:
    supervisor.check()
    return supervisor._services[0].process is None


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
