"""Hostile bytes through every door, until so many have gone through: what `make fuzz` runs.

    python -m tests.doors.fuzz --inputs 100000 --seed 1

Each must be read or refused within a bound of time and memory; whatever else happens is a finding,
whose bytes are kept. Where atheris is installed it guides the inputs by the code that they reach;
without it they are mutated at random.
"""

import argparse
import faulthandler
import importlib.util
import logging
import multiprocessing
import os
import random
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType
from typing import Final

SECONDS: Final = 5.0  # of one input
MEMORY: Final = 1 << 30  # bytes that one may take, beside what the program has already
Tell = Callable[[], None]
ATHERIS: Final = importlib.util.find_spec("atheris") is not None


class TooSlowError(Exception):
    """An input took longer than SECONDS."""


@dataclass(slots=True)
class Findings:
    """What a door has shown.

    Attributes:
        inputs: how many have gone through.
        slowest: seconds of the slowest.
        faults: what happened, by where; one input each.
    """

    folder: Path
    inputs: int = 0
    slowest: float = 0.0
    faults: dict[str, str] = field(default_factory=dict)

    def at_hand(self, door: str) -> Path:
        """The file of the input that is being tried: it is left where that ends the process."""
        return self.folder / f"{door}-at-hand"

    def keep(self, door: str, data: bytes, error: BaseException) -> None:
        """Keep an input and what it provoked, once for each place in the code."""
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"
        if where not in self.faults:
            file = self.folder / f"{door}-{len(self.faults)}"
            file.write_bytes(data)
            self.faults[where] = f"{file}: {str(error)[:200]}"


def _too_slow(_signal: int, _frame: FrameType | None) -> None:
    raise TooSlowError(f"more than {SECONDS:g} s")


def try_one(door: str, data: bytes, findings: Findings) -> None:
    """Send one input through a door."""
    from tests.doors.doors import DOORS

    findings.at_hand(door).write_bytes(data)
    faulthandler.dump_traceback_later(12 * SECONDS, exit=True)  # of a loop that no signal reaches
    began = time.perf_counter()
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        DOORS[door].enter(data)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        findings.keep(door, data, error)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        faulthandler.cancel_dump_traceback_later()
    findings.inputs += 1
    findings.slowest = max(findings.slowest, time.perf_counter() - began)


def _guided(door: str, inputs: int, seed: int, findings: Findings, tell: Tell) -> None:
    """Let libFuzzer choose; it never returns, and says what it has to say in a file."""
    import atheris

    with (findings.folder / f"{door}.log").open("wb") as log:
        os.dup2(log.fileno(), sys.stderr.fileno())
    with atheris.instrument_imports(include=["core", "poller", "importer", "worker", "review"]):
        from tests.doors.doors import DOORS
    from tests.doors.mutate import mutated

    def change(data: bytes, most: int, chosen: int) -> bytes:
        rng = random.Random(chosen)
        if rng.random() < 0.5:
            return bytes(atheris.Mutate(data, most))
        return mutated(data or rng.choice(DOORS[door].seeds), rng)[:most]

    def take(data: bytes) -> None:
        try_one(door, data, findings)
        if findings.inputs == inputs:
            tell()
            os._exit(0)

    corpus = findings.folder / f"corpus-{door}"
    corpus.mkdir(exist_ok=True)
    for number, honest in enumerate(DOORS[door].seeds):
        (corpus / f"seed-{number}").write_bytes(honest)
    options = [f"-seed={seed}", "-max_len=65536", "-len_control=0", "-rss_limit_mb=0"]
    _bound()
    atheris.Setup([sys.argv[0], *options, str(corpus)], take, custom_mutator=change)
    atheris.Fuzz()


def _unguided(door: str, inputs: int, seed: int, findings: Findings, tell: Tell) -> None:
    from tests.doors.doors import DOORS
    from tests.doors.mutate import mutated

    rng = random.Random(f"{door} {seed}")
    _bound()
    for _ in range(inputs):
        try_one(door, mutated(rng.choice(DOORS[door].seeds), rng), findings)
    tell()


def _bound() -> None:
    """Bound the memory and the time of each input from here on, and be quiet."""
    logging.disable()
    with Path("/proc/self/statm").open() as file:
        taken = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + MEMORY,) * 2)
    signal.signal(signal.SIGALRM, _too_slow)


def _run(door: str, inputs: int, seed: int, folder: Path, told: Connection) -> None:
    """A door's process: tells its findings at its end."""
    findings = Findings(folder)
    run = _guided if ATHERIS else _unguided
    run(
        door,
        inputs,
        seed,
        findings,
        lambda: told.send((findings.inputs, findings.slowest, findings.faults)),
    )


def main() -> int:
    """Run all doors, one behind the other; return 1 where there are findings."""
    from tests.doors.doors import DOORS

    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--inputs", type=int, default=100_000, help="of all doors together")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--door", choices=DOORS, action="append")
    asked.add_argument("--folder", type=Path, default=Path("fuzz"), help="of what is found")
    given = asked.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    doors = given.door or list(DOORS)
    each = -(-given.inputs // len(doors))
    sys.stdout.write(
        f"{'guided by atheris' if ATHERIS else 'mutated at random'}, seed {given.seed}\n"
    )
    failed = False
    for door in doors:
        receiving, sending = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.get_context("spawn").Process(
            target=_run, args=(door, each, given.seed, given.folder, sending)
        )
        began = time.monotonic()
        process.start()
        sending.close()
        try:
            inputs, slowest, faults = receiving.recv()
        except EOFError:
            inputs, slowest, faults = 0, 0.0, {"the process": f"ended with {door}-at-hand"}
        process.join()
        spent = time.monotonic() - began
        sys.stdout.write(
            f"{door:9} {inputs:7,} inputs in {spent:5.0f} s, slowest {slowest:5.2f} s\n"
        )
        for where, what in faults.items():
            sys.stdout.write(f"  {where}: {what}\n")
        sys.stdout.flush()
        failed = failed or bool(faults) or inputs < each
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
