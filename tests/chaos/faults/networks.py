"""Networks between a service and a server: stalled, cut, and such as lose what is sent."""

import random

from tests.chaos.faults.base import SHORT
from tests.chaos.world import World


def _pair(world: World, chance: random.Random, *, with_api: bool) -> tuple[str, str]:
    """A service and a server that it needs."""
    service = chance.choice(list(world.keeper.services))
    servers = [world.broker.name, *(["postgres"] if world.postgres is not None else [])]
    if service == world.poller and with_api:
        servers.append("api")
    return service, chance.choice(servers)


def stall(world: World, chance: random.Random) -> None:
    """Let no byte through, while both hold what the other sends for received."""
    proxy = world.proxy(*_pair(world, chance, with_api=True))
    world.network.do(proxy.stall())
    try:
        world.sleep(chance.uniform(*SHORT))
    finally:
        world.network.do(proxy.flow())


def cut(world: World, chance: random.Random) -> None:
    """Reset what is open between them; not to the API, whose client must pause after a reset."""
    world.network.do(world.proxy(*_pair(world, chance, with_api=False)).cut())


def lose_packets(world: World, chance: random.Random) -> None:
    """Lose every packet between them: each sends again what nobody has said to have received."""
    assert world.namespaces is not None
    link = world.namespaces.link(*_pair(world, chance, with_api=True))
    link.down()
    try:
        world.sleep(chance.uniform(*SHORT))
    finally:
        link.up()
