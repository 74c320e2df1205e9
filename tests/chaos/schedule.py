"""Which faults come, in which order: all kinds once before any comes again, by a seed."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Final

from tests.chaos import faults as of
from tests.chaos.disk import Disk
from tests.chaos.faults import Fault, Lack
from tests.chaos.world import World


def _names() -> str:
    return ", ".join(fault.name for fault in FAULTS)


def _needs_small(disk: Callable[[World], Disk]) -> Lack:
    def lack(world: World) -> str | None:
        return None if disk(world).small else "no small disk can be mounted: root alone may"

    return lack


def _needs_a_commit(world: World) -> str | None:
    del world
    return None if of.earlier_version() else "no earlier commit has the tables of today"


def _needs_faketime(world: World) -> str | None:
    del world
    return None if of.faketime() else "no libfaketime here; LIBFAKETIME may name its .so"


READ_ONLY: Final = (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE"))
NO_MEMORY: Final = (("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0"))
LOCKED: Final = (("CONFIG", "SET", "requirepass", "other"), ("CONFIG", "SET", "requirepass", ""))

FAULTS: Final = (
    Fault("a worker killed", of.kill(None)),
    Fault("a worker's parent killed", of.kill_parent),
    Fault("a worker's child killed", of.kill_children(1)),
    Fault("all children of a worker killed", of.kill_children(None)),
    Fault("a worker stopped", of.stop(None)),
    Fault("a worker's children stopped", of.stop_children),
    Fault("the scheduler killed", of.kill("scheduler")),
    Fault("the scheduler stopped", of.stop("scheduler")),
    Fault("the poller killed", of.kill("poller")),
    Fault("the poller stopped", of.stop("poller")),
    Fault("everything killed", of.kill_everything),
    Fault("Redis killed", of.kill_redis),
    Fault("Redis emptied", of.empty_redis),
    Fault("Redis stalled", of.stall_redis),
    Fault("Redis read-only", of.redis_with(*READ_ONLY)),
    Fault("Redis out of memory", of.redis_with(*NO_MEMORY)),
    Fault("Redis under another password", of.redis_with(*LOCKED, password="other")),
    Fault(
        "Redis' disk full", of.fill_redis_disk, lack=_needs_small(lambda world: world.redis_disk)
    ),
    Fault(
        "the database's disk full",
        of.fill_database_disk,
        lack=_needs_small(lambda world: world.database_disk),
    ),
    Fault("Postgres killed", of.kill_postgres, database="postgres"),
    Fault("Postgres stalled", of.stall_postgres, database="postgres"),
    Fault("Postgres' connections ended", of.end_connections, database="postgres"),
    Fault("SQLite locked", of.lock_sqlite, database="sqlite"),
    Fault("a network stalled", of.network(cut=False)),
    Fault("a network cut", of.network(cut=True)),
    Fault("the API away", of.kill_api, bounded=False),
    Fault("the API failing", of.fail_api, bounded=False),
    Fault("versions promoted and rolled back", of.move_versions),
    Fault("a worker of an earlier version", of.other_version, lack=_needs_a_commit),
    Fault("two pollers", of.twin("poller-2", "poll")),
    Fault("two schedulers", of.twin("scheduler-2", "scheduler")),
    Fault("tagger db upgrade", of.upgrade_database),
    Fault("a clock off by an hour, and right again", of.step_clock, lack=_needs_faketime),
    Fault("the database restored from a backup", of.restore_backup),
)


@dataclass(frozen=True, slots=True)
class Hit:
    """A fault that comes.

    Attributes:
        fault: its kind.
        number: its place in the run, from 0.
        seed: the run's.
    """

    fault: Fault
    number: int
    seed: int

    def chance(self) -> random.Random:
        """What decides how long it lasts, and whom it meets: the same in each run of the seed."""
        return random.Random(f"{self.seed} {self.number}")


def schedule(seed: int, database: str, only: str = "") -> Iterator[Hit]:
    """Yield what comes, without end; what a machine lacks is left out by whoever runs it.

    Args:
        seed: of the order.
        database: its kind.
        only: what the names of all faults are to hold.
    """
    chance = random.Random(f"{seed} {database}")
    kinds = [fault for fault in FAULTS if fault.database in (None, database) and only in fault.name]
    if not kinds:
        raise SystemExit(f"No fault of {database} is named {only!r}. There are: {_names()}.")
    number = count()
    while True:
        for fault in chance.sample(kinds, len(kinds)):
            yield Hit(fault, next(number), seed)
