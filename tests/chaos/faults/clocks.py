"""Clocks that are an hour off: of a service that starts so, and of one that runs."""

import os
import random
from pathlib import Path
from typing import Final

from tests.chaos.faults.base import START_SECONDS
from tests.chaos.services import Service
from tests.chaos.world import World

OFF_SECONDS: Final = 12.0
STEPS: Final = ("+1h", "-1h")
RIGHT: Final = "+0"


def library() -> str | None:
    """What gives one process a clock of its own (Debian's `libfaketime`)."""
    named = os.environ.get("LIBFAKETIME")
    found = [str(path) for path in Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")]
    return named or next(iter(found), None)


def lack(_world: World) -> str | None:
    """Why no clock can be wrong here."""
    return None if library() else "no libfaketime here; LIBFAKETIME may name its .so"


def start_off(world: World, chance: random.Random) -> None:
    """Give a service a clock that is an hour off, and the right one again; it starts anew for each.

    What it wrote down by the wrong one is what the others, and itself, have to live with.
    """
    chosen = _any_service(world, chance)
    right = chosen.environment
    chosen.environment = {**right, **_faked(), "FAKETIME": chance.choice(STEPS)}
    try:
        chosen.kill()
        world.sleep(OFF_SECONDS)
    finally:
        chosen.environment = right
        chosen.kill()


def step(world: World, chance: random.Random) -> None:
    """Set the clock of a service that runs an hour off, and right again while it still runs."""
    chosen = _any_service(world, chance)
    file = world.folder / f"clock-of-{chosen.name}"
    _set(file, RIGHT)
    if "FAKETIME_TIMESTAMP_FILE" not in chosen.environment:  # it keeps this clock for good
        _give_clock(world, chosen, file)
    _set(file, chance.choice(STEPS))
    try:
        world.sleep(OFF_SECONDS)
    finally:
        _set(file, RIGHT)


def _any_service(world: World, chance: random.Random) -> Service:
    return chance.choice(list(world.keeper.services.values()))


def _give_clock(world: World, service: Service, file: Path) -> None:
    """Start a service anew with a clock that goes by a file, and wait until it has started."""
    looks = {"FAKETIME_TIMESTAMP_FILE": str(file), "FAKETIME_CACHE_DURATION": "1"}
    service.environment = {**service.environment, **_faked(), **looks}
    said = service.log.stat().st_size
    service.kill()
    world.wait(lambda: service.runs and service.log.stat().st_size > said, START_SECONDS)
    world.sleep(OFF_SECONDS / 4)


def _faked() -> dict[str, str]:
    # What lasts goes by the system's own clock: no step moves that one.
    return {"LD_PRELOAD": str(library()), "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


def _set(file: Path, offset: str) -> None:
    """Write the file as a whole, for it is read at any moment."""
    written = file.with_suffix(".new")
    written.write_text(f"{offset}\n")
    written.rename(file)
