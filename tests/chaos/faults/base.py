"""What a fault is. Each begins, lasts and ends within its own function."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal

from tests.chaos.services import Part, Service
from tests.chaos.world import WORKERS, World

Act = Callable[[World, random.Random], None]
Lack = Callable[[World], str | None]
SHORT: Final = (3.0, 10.0)  # seconds that a fault lasts
PAST_A_LEASE: Final = (5.0, 28.0)  # 20 s after its last renewal what a process has is free
START_SECONDS: Final = 60.0  # of a service beside the others, on a busy machine


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault.

    Attributes:
        name: as the report calls it.
        act: makes it, and ends it.
        database: only where the service has this kind.
        broker: only where the service has this kind.
        lack: says why it cannot be tried here; None where it can.
        grace: seconds by which its recovery may be later than others'.
    """

    name: str
    act: Act
    database: Literal["sqlite", "postgres"] | None = None
    broker: Literal["redis", "rabbitmq"] | None = None
    lack: Lack = lambda _: None
    grace: float = 0.0


def a_worker(world: World, chance: random.Random) -> Service | Part:
    """One of the two workers, or the one of `tagger up`."""
    return world.process(chance.choice(WORKERS))


@contextmanager
def beside(world: World, service: Service) -> Iterator[Service]:
    """Run a further service, and end it."""
    made = world.keeper.add(service)
    try:
        yield made
    finally:
        world.keeper.drop(made)
