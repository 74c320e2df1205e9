"""Clocks that are an hour off: of a service that starts so, and of one that runs.

What gives a process a clock of its own is `clock.c`, compiled for the run. (Debian's libfaketime
0.9.10 makes `time.sleep()` fail where the clock is set back by more than the machine has run.)
"""

import random
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Final

from tests.chaos.faults.base import START_SECONDS
from tests.chaos.services import Service
from tests.chaos.world import World

SOURCE: Final = Path(__file__).with_name("clock.c")
HOUR: Final = 3600
OFF_SECONDS: Final = 12.0


def lack(_world: World) -> str | None:
    """Why no clock can be wrong here."""
    return None if shutil.which("cc") else "no C compiler here"


def start_off(world: World, chance: random.Random) -> None:
    """Give a service a clock that is an hour off, and the right one again; it starts anew for each.

    What it wrote down by the wrong one is what the others, and itself, have to live with.
    """
    chosen = _any_service(world, chance)
    clock = _clock_of(world, chosen)
    _set(clock, chance.choice((HOUR, -HOUR)))
    chosen.kill()
    try:
        world.sleep(OFF_SECONDS)
    finally:
        chosen.kill()
        _set(clock, 0)


def step(world: World, chance: random.Random) -> None:
    """Set the clock of a service that runs an hour off, and right again while it still runs."""
    chosen = _any_service(world, chance)
    is_new = "CLOCK_OFFSET" not in chosen.environment
    clock = _clock_of(world, chosen)
    if is_new:
        _start_anew(world, chosen)
    _set(clock, chance.choice((HOUR, -HOUR)))
    try:
        world.sleep(OFF_SECONDS)
    finally:
        _set(clock, 0)


def _any_service(world: World, chance: random.Random) -> Service:
    return chance.choice(list(world.keeper.services.values()))


def _clock_of(world: World, service: Service) -> Path:
    """The file by which a service's clock goes from its next start on, for good."""
    file = world.folder / f"clock-of-{service.name}"
    if not file.exists():
        _set(file, 0)
        preload = {"LD_PRELOAD": str(compiled(world.folder)), "CLOCK_OFFSET": str(file)}
        service.environment = {**service.environment, **preload}
    return file


def compiled(folder: Path) -> Path:
    """The library, as a file of a folder."""
    library = folder / "clock.so"
    if not library.exists():
        command = ["cc", "-shared", "-fPIC", "-O2", "-o", str(library), str(SOURCE), "-ldl"]
        subprocess.run(command, check=True, capture_output=True)
    return library


def _start_anew(world: World, service: Service) -> None:
    """Start a service anew, and wait until it has started."""
    said = service.log.stat().st_size
    service.kill()
    world.wait(lambda: service.runs and service.log.stat().st_size > said, START_SECONDS)
    world.sleep(OFF_SECONDS / 4)


def _set(file: Path, seconds: int) -> None:
    """Write the offset in place: processes have mapped the file."""
    if not file.exists():
        file.write_bytes(bytes(8))
    with file.open("r+b", buffering=0) as opened:
        opened.write(struct.pack("=q", seconds))
