"""Services that are killed, and such as are stopped: they neither go on nor end."""

import random
import signal

from tests.chaos.faults.base import PAST_A_LEASE, Act, a_worker
from tests.chaos.services import signal_all
from tests.chaos.world import World


def kill(name: str | None) -> Act:
    """SIGKILL a service with its children; a worker where no name is given."""

    def act(world: World, chance: random.Random) -> None:
        chosen = world.process(name) if name else a_worker(world, chance)
        chosen.kill()

    return act


def kill_parent(world: World, chance: random.Random) -> None:
    """SIGKILL a worker's parent alone."""
    a_worker(world, chance).kill_parent()


def kill_children(most: int | None) -> Act:
    """SIGKILL some of a worker's children, or all."""

    def act(world: World, chance: random.Random) -> None:
        children = a_worker(world, chance).pids()[1:]
        signal_all(children[:most], signal.SIGKILL)

    return act


def kill_everything(world: World, chance: random.Random) -> None:
    """SIGKILL all services and the broker at the same moment."""
    del chance
    for service in world.keeper.services.values():
        service.kill()
    world.broker.kill()
    world.broker.start()


def stop(name: str | None) -> Act:
    """Stop a service with its children for longer than a lease, or shorter; name as in `kill()`."""

    def act(world: World, chance: random.Random) -> None:
        chosen = world.process(name) if name else a_worker(world, chance)
        _stop(world, chosen.pids(), chance)

    return act


def stop_children(world: World, chance: random.Random) -> None:
    """Stop all children of a worker, whose parent lives."""
    _stop(world, a_worker(world, chance).pids()[1:], chance)


def _stop(world: World, pids: list[int], chance: random.Random) -> None:
    signal_all(pids, signal.SIGSTOP)
    try:
        world.sleep(chance.uniform(*PAST_A_LEASE))
    finally:
        signal_all(pids, signal.SIGCONT)
