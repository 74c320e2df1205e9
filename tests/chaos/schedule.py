"""Which faults come, in which order: all kinds once before any comes again, by a seed."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Final

from tests.chaos.disk import Disk
from tests.chaos.faults import clocks, commands, networks, processes, servers, versions
from tests.chaos.faults.base import Fault, Lack
from tests.chaos.phases import PHASES
from tests.chaos.world import World


def _needs_small(disk: Callable[[World], Disk]) -> Lack:
    def lack(world: World) -> str | None:
        return None if disk(world).small else "no small disk can be mounted: root alone may"

    return lack


def _needs_namespaces(world: World) -> str | None:
    return None if world.namespaces else "no network namespaces can be made: root alone may"


READ_ONLY: Final = (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE"))
NO_MEMORY: Final = (("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0"))
LOCKED: Final = (("CONFIG", "SET", "requirepass", "other"), ("CONFIG", "SET", "requirepass", ""))

# Of two pollers, one may have read just before the other's last request, which brings nothing then:
# the next one is the same request, and waits for its minute, as it does on every quiet site.
MINUTE: Final = 60.0

OF_PROCESSES: Final = (
    Fault("a worker killed", processes.kill(None)),
    Fault("a worker's parent killed", processes.kill_parent),
    Fault("a worker's child killed", processes.kill_children(1)),
    Fault("all children of a worker killed", processes.kill_children(None)),
    Fault("a worker stopped", processes.stop(None)),
    Fault("a worker's children stopped", processes.stop_children),
    Fault("the scheduler killed", processes.kill("scheduler")),
    Fault("the scheduler stopped", processes.stop("scheduler")),
    Fault("the poller killed", processes.kill("poller")),
    Fault("the poller stopped", processes.stop("poller")),
    Fault("everything killed", processes.kill_everything),
)
OF_BROKERS: Final = (
    Fault("Redis killed", servers.kill_broker, broker="redis"),
    Fault("Redis emptied", servers.empty_redis, broker="redis"),
    Fault("Redis stalled", servers.stall_broker, broker="redis"),
    Fault("Redis read-only", servers.redis_with(*READ_ONLY), broker="redis"),
    Fault("Redis out of memory", servers.redis_with(*NO_MEMORY), broker="redis"),
    Fault(
        "Redis under another password",
        servers.redis_with(*LOCKED, password="other"),
        broker="redis",
    ),
    Fault(
        "Redis' disk full",
        servers.fill_redis_disk,
        broker="redis",
        lack=_needs_small(lambda world: world.redis_disk),
    ),
    Fault("RabbitMQ killed", servers.kill_broker, broker="rabbitmq"),
    Fault("RabbitMQ emptied", servers.empty_rabbitmq, broker="rabbitmq"),
    Fault("RabbitMQ stalled", servers.stall_broker, broker="rabbitmq"),
)
OF_DATABASES: Final = (
    Fault(
        "the database's disk full",
        servers.fill_database_disk,
        lack=_needs_small(lambda world: world.database_disk),
    ),
    Fault("Postgres killed", servers.kill_postgres, database="postgres"),
    Fault("Postgres stalled", servers.stall_postgres, database="postgres"),
    Fault("Postgres' connections ended", servers.end_connections, database="postgres"),
    Fault("Postgres read-only", servers.make_read_only, database="postgres"),
    Fault("SQLite locked", servers.lock_sqlite, database="sqlite"),
)
FAULTS: Final = (
    *OF_PROCESSES,
    *OF_BROKERS,
    *OF_DATABASES,
    Fault("a network stalled", networks.stall),
    Fault("a network cut", networks.cut),
    Fault("a network losing packets", networks.lose_packets, lack=_needs_namespaces),
    Fault("the API away", servers.kill_api),
    Fault("the API failing", servers.fail_api),
    Fault("versions promoted and rolled back", versions.move),
    *(Fault(f"versions moved, a batch {phase}", versions.move_in_phase(phase)) for phase in PHASES),
    Fault("a worker of an earlier version", versions.other_program, lack=versions.lack),
    Fault("two pollers", commands.twin("poller-2", "poll"), grace=MINUTE),
    Fault("two schedulers", commands.twin("scheduler-2", "scheduler")),
    Fault("tagger db upgrade", commands.upgrade_database),
    Fault("a clock off by an hour, and right again", clocks.start_off, lack=clocks.lack),
    Fault("a running clock set by an hour, and back", clocks.step, lack=clocks.lack),
    Fault("the database restored from a backup", commands.restore_backup),
    Fault("the database restored from the first backup", commands.restore_old_backup),
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


def kinds_of(database: str, broker: str) -> list[Fault]:
    """The faults that there are with a database and a broker of these kinds."""
    of_database = [fault for fault in FAULTS if fault.database in (None, database)]
    return [fault for fault in of_database if fault.broker in (None, broker)]


def schedule(seed: int, database: str, only: str = "", broker: str = "redis") -> Iterator[Hit]:
    """Yield what comes, without end; what a machine lacks is left out by whoever runs it.

    Args:
        seed: of the order.
        database: its kind.
        only: what the names of all faults are to hold.
        broker: its kind.
    """
    chance = random.Random(f"{seed} {database}")
    kinds = [fault for fault in kinds_of(database, broker) if only in fault.name]
    if not kinds:
        names = ", ".join(fault.name for fault in kinds_of(database, broker))
        raise SystemExit(f"No fault of {database} is named {only!r}. There are: {names}.")
    number = count()
    while True:
        for fault in chance.sample(kinds, len(kinds)):
            yield Hit(fault, next(number), seed)
