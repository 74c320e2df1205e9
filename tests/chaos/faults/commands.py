"""What people do beside running services: a service twice, a migration, a backup brought back."""

import random
from typing import Final

from tests.chaos.faults.base import SHORT, Act, beside
from tests.chaos.world import World

TWINS_SECONDS: Final = 12.0


def twin(name: str, *arguments: str) -> Act:
    """Run a second one of what there should be one of."""

    def act(world: World, chance: random.Random) -> None:
        number = chance.randrange(10**6)
        with beside(world, world.service(f"{name}-{number}", *arguments)):
            world.sleep(TWINS_SECONDS)

    return act


def upgrade_database(world: World, chance: random.Random) -> None:
    """Run `tagger db upgrade` beside all services."""
    del chance
    world.command("db", "upgrade")


def restore_backup(world: World, chance: random.Random) -> None:
    """Bring a backup back under running services, which have gone on for a while since it."""
    file = str(world.folder / f"{chance.randrange(10**6)}.backup.gz")
    world.command("db", "backup", file)
    world.sleep(chance.uniform(*SHORT))
    _restore(world, file)


def restore_old_backup(world: World, chance: random.Random) -> None:
    """Bring back what was taken when the run began: yesterday's, were it a day's run."""
    del chance
    _restore(world, str(world.first_backup))


def _restore(world: World, file: str) -> None:
    with world.ledger.overwritten():
        world.command("db", "restore", "--replace", file)
