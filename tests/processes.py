"""Runs `tagger` as its users do, in processes of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Engine, text

from core.database.engine import reading
from tests.memory import Group

ROOT = Path(__file__).resolve().parent.parent


def environment(**settings: object) -> dict[str, str]:
    """This process's environment with the given settings, as `database_url=…`."""
    named = {f"TAGGER_{name.upper()}": str(value) for name, value in settings.items()}
    return {**os.environ, "PYTHONPATH": str(ROOT), **named}


def run_tagger(
    *arguments: str, env: Mapping[str, str], timeout: float = 300
) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "tagger", *arguments],
        env=env,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


@contextmanager
def service(
    *arguments: str, env: Mapping[str, str], log: Path, group: Group | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a service while the block lasts, its lines in a file, its memory limited by a group."""
    command = [sys.executable, "-m", "tagger", *arguments]
    with log.open("ab") as lines:
        process = subprocess.Popen(
            command if group is None else group.wrap(command),
            env=env,
            stdout=lines,
            stderr=lines,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        kill_group(process)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL a service with all its children."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_until(condition: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Poll a condition of other processes, which no clock of ours can bring about."""
    end, pause = time.monotonic() + seconds, 0.01
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"after {seconds:.0f} s still not: {what}")
        time.sleep(pause)
        pause = min(0.2, 2 * pause)


def is_waited_for(engine: Engine) -> bool:
    """Whether anybody waits for a lock of Postgres', as a condition of wait_until()."""
    with reading(engine) as connection:
        return bool(connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))
