"""The program's own processes, which are started again when they end, by whomever."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.memory import family, memory_mb
from tests.processes import ROOT

RESTART_SECONDS: Final = 1.0  # as soon as whatever runs a service would start it again
STOP_SECONDS: Final = 30.0
UP: Final = "up"
_ENDED: Final = re.compile(r"the (\w+) ended with status (-?\d+)")


@dataclass
class Service:
    """One command of the program.

    Attributes:
        name: as it stands in the report, and in its log's name.
        arguments: of `tagger`.
        environment: of the process.
        log: where its lines go.
        code: the folder of the program: another version's, in a fault.
        program: what runs it.
        inside: what the command becomes in the service's own network.
        ours: whether the suite has ended it.
        groups: of all processes that it ever was.
    """

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path
    code: Path = ROOT
    program: tuple[str, ...] = ("-m", "tagger")
    inside: Callable[[list[str]], list[str]] = list
    process: subprocess.Popen[bytes] | None = None
    ours: bool = False
    ended_at: float = 0.0
    groups: list[int] = field(default_factory=list)

    def start(self) -> None:
        """Start it."""
        self.ours = False
        with self.log.open("ab") as lines:
            self.process = subprocess.Popen(
                self.inside([sys.executable, *self.program, *self.arguments]),
                cwd=self.code,
                env={**self.environment, "PYTHONPATH": str(self.code)},
                stdout=lines,
                stderr=lines,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self.groups.append(self.process.pid)

    @property
    def runs(self) -> bool:
        """Whether the process lives, be it stopped."""
        return self.process is not None and self.process.poll() is None

    def pids(self) -> list[int]:
        """Its process and all that it has forked."""
        return family(self.process.pid) if self.process is not None and self.runs else []

    def kill(self) -> None:
        """SIGKILL it with all its children."""
        self.ours = True
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def kill_parent(self) -> None:
        """SIGKILL the process alone: its children are left behind."""
        self.ours = True
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def end(self) -> int | None:
        """Tell it to stop, and return its status; None where it must be killed."""
        self.ours = True
        if self.process is None:
            return None
        self.process.terminate()
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def memory(self) -> float:
        """MB that it and its children hold, what they share counted once."""
        return sum(memory_mb(pid)[0] for pid in self.pids())


@dataclass(frozen=True, slots=True)
class Part:
    """A process that another service starts and keeps running: one of `tagger up`.

    Attributes:
        of: the service.
        arguments: of `tagger`, by which it is found.
    """

    of: Service
    arguments: tuple[str, ...]

    def pids(self) -> list[int]:
        """Its process and all that it has forked; none while it does not run."""
        wanted = "\0".join(("-m", "tagger", *self.arguments, ""))
        for pid in self.of.pids()[1:]:
            with suppress(OSError):
                if Path(f"/proc/{pid}/cmdline").read_text().endswith(wanted):
                    return family(pid)
        return []

    def kill(self) -> None:
        """SIGKILL it with all its children."""
        signal_all(self.pids(), signal.SIGKILL)

    def kill_parent(self) -> None:
        """SIGKILL the process alone."""
        signal_all(self.pids()[:1], signal.SIGKILL)


def signal_all(pids: list[int], number: signal.Signals) -> None:
    """Send a signal to those of some processes that are still there."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


@dataclass
class Keeper:
    """Keeps services running, and writes down which ended by themselves.

    Attributes:
        unexpected: (service, status) of each end that was not the suite's doing, or not a good one;
            None where it had to be killed.
    """

    services: dict[str, Service] = field(default_factory=dict)
    unexpected: list[tuple[str, int | None]] = field(default_factory=list)

    def add(self, service: Service) -> Service:
        """Start a service, and keep it running."""
        service.start()
        self.services[service.name] = service
        return service

    def drop(self, service: Service) -> None:
        """End a service for good, which it must do by itself and well."""
        del self.services[service.name]
        status = service.end()
        if status != 0:
            self.unexpected.append((service.name, status))

    def check(self) -> None:
        """Start again what has ended; call it every now and then."""
        for service in self.services.values():
            if service.runs or service.process is None:
                continue
            if service.ended_at == 0.0:
                service.ended_at = time.monotonic()
                if not service.ours:
                    self.unexpected.append((service.name, service.process.returncode))
            elif time.monotonic() - service.ended_at > RESTART_SECONDS:
                service.ended_at = 0.0
                service.start()

    def ends_in_up(self) -> list[tuple[str, int]]:
        """What `tagger up` says to have ended in another way than the suite ends it: by SIGKILL."""
        logs = [service.log for service in self.services.values() if service.name == UP]
        ends = [end for log in logs for end in _ENDED.findall(log.read_text(errors="replace"))]
        return [(f"{name} of tagger up", int(status)) for name, status in ends if status != "-9"]

    def memory(self) -> float:
        """MB of all services."""
        return sum(service.memory() for service in self.services.values())

    def tracebacks(self) -> int:
        """How many there are in all the logs."""
        folders = {service.log.parent for service in self.services.values()}
        logs = [log for folder in folders for log in folder.glob("*.log")]
        return sum(log.read_text(errors="replace").count("Traceback (most") for log in logs)

    def end_all(self) -> None:
        """End all of them, in the opposite order of their start."""
        for service in reversed(list(self.services.values())):
            signal_all(service.pids(), signal.SIGCONT)
            service.end()
            for group in service.groups:  # children may have outlived a parent that was killed
                with suppress(ProcessLookupError):
                    os.killpg(group, signal.SIGKILL)
