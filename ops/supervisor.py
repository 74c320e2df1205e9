"""Runs the service's processes on one machine: starts them, restarts them, ends them in order."""

import fcntl
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from core.child_process import leashed
from core.clock import Clock, SystemClock
from core.errors import ServiceFailed

log = logging.getLogger(__name__)

LOCK_FILE = "service.lock"

# For a process to finish what it has in hand: a backfill's 1,000 questions take 27 s with a
# sentence encoder.
STOP_SECONDS = 45.0
CHECK_SECONDS = 0.5
RESTART_SECONDS = 2.0  # doubled with every early end, up to the longest
LONGEST_RESTART_SECONDS = 60.0  # what it needs may be away for long: it is tried for ever
EARLY_SECONDS = 30.0  # a process that lasts longer has started well
MAX_EARLY_ENDS = 6  # for who wants to know whether it starts at all


@dataclass
class Service:
    """A command that is to run all the time."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    early_ends: int = 0
    restart_at: float = field(default=0.0)


@contextmanager
def alone(data_dir: Path) -> Iterator[None]:
    """Hold a data folder for one service; the system frees it when the holder dies.

    Raises:
        ServiceFailed: another service runs in it.
    """
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (data_dir / LOCK_FILE).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ServiceFailed(
                f"Question Tagger runs already in {data_dir.resolve()}.",
                "Stop it there first, or set TAGGER_DATA_DIR to another folder.",
            ) from None
        yield


def tagger(*arguments: str) -> list[str]:
    """The command of this program with some arguments."""
    return [sys.executable, "-m", "tagger", *arguments]


class Supervisor:
    """Keeps services running while its context lasts.

    Each service has a process group of its own, so a Ctrl-C at the terminal reaches the supervisor
    alone, which then ends them in the opposite order of their start.
    """

    def __init__(
        self,
        services: Mapping[str, Sequence[str]],
        *,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        log_file: Path | None = None,
        gives_up: bool = False,
        clock: Clock | None = None,
    ) -> None:
        """Prepare; nothing starts before the context is entered.

        Args:
            services: for each its name and its command, in the order of start.
            environment: of the processes; by default this one's.
            folder: they run in it; by default in this one's.
            log_file: where their lines are appended; by default they go where this one's go.
            gives_up: whether a service that keeps ending right after its start ends them all; it
                is tried again every minute otherwise.
            clock: tells how long they last.
        """
        self._services = [Service(name, command) for name, command in services.items()]
        self._environment = dict(os.environ if environment is None else environment)
        self._folder = folder
        self._log_file = log_file
        self._gives_up = gives_up
        self._clock = clock or SystemClock()

    def __enter__(self) -> Self:
        for service in self._services:
            self._start(service)
        return self

    def __exit__(self, *_: object) -> None:
        """End all of them: the last started is told first, and no signal cuts this short."""
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
        for service in reversed(self._services):
            if service.process is not None:
                service.process.terminate()
        for service in reversed(self._services):
            _end(service)
        for number, handler in before.items():
            signal.signal(number, handler)

    def check(self) -> None:
        """Restart what has ended; call it every now and then.

        Raises:
            ServiceFailed: a service keeps ending right after its start, and is not to be tried on.
        """
        for service in self._services:
            self._check(service)

    def run(self) -> None:
        """Check until Ctrl-C."""
        try:
            while True:
                self.check()
                self._clock.sleep(CHECK_SECONDS)
        except KeyboardInterrupt:
            return

    def _start(self, service: Service) -> None:
        with ExitStack() as stack:
            lines = stack.enter_context(self._log_file.open("ab")) if self._log_file else None
            service.process = subprocess.Popen(  # noqa: S603 (our own program)
                service.command,
                env=leashed(self._environment),  # where this process is killed, they end too
                cwd=self._folder,
                stdin=subprocess.PIPE,
                stdout=lines,
                stderr=lines,
                start_new_session=True,
            )
        service.started = self._now()
        log.debug("%s runs with process id %d", service.name, service.process.pid)

    def _check(self, service: Service) -> None:
        if service.process is None:
            if self._now() >= service.restart_at:
                self._start(service)
            return
        status = service.process.poll()
        if status is None:
            return
        _let_go(service.process)
        service.process = None
        lasted = self._now() - service.started
        service.early_ends = service.early_ends + 1 if lasted < EARLY_SECONDS else 0
        if self._gives_up and service.early_ends >= MAX_EARLY_ENDS:
            raise ServiceFailed(
                f"The {service.name} ends right after its start (status {status}); "
                "its lines above say why."
            )
        pause = min(RESTART_SECONDS * 2 ** min(service.early_ends, 9), LONGEST_RESTART_SECONDS)
        service.restart_at = self._now() + pause
        log.warning(
            "the %s ended with status %d; it starts again in %.0f s", service.name, status, pause
        )

    def _now(self) -> float:
        return self._clock.monotonic()


def _end(service: Service) -> None:
    """Wait for a service that was told to end; after a while make it, and all that it started."""
    process = service.process
    if process is None:
        return
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        log.warning("the %s does not end by itself and is killed", service.name)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # the group: a training that its worker left
    process.wait()
    _let_go(process)


def _let_go(process: "subprocess.Popen[bytes]") -> None:
    """Close the pipe that was its leash."""
    if process.stdin is not None:
        process.stdin.close()
