"""Every fault that a run can meet. Each begins, lasts and ends within its own function."""

import os
import random
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from tests.chaos.services import Service, signal_all
from tests.chaos.world import WORKERS, World
from tests.processes import ROOT

Act = Callable[[World, random.Random], None]
Lack = Callable[[World], str | None]
SHORT: Final = (3.0, 10.0)  # seconds that a fault lasts
PAST_A_LEASE: Final = (5.0, 28.0)  # 20 s after its last renewal what a process has is free
TWINS_SECONDS: Final = 12.0
FIRST_START_SECONDS: Final = 60.0  # of a program that has not been compiled yet


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault.

    Attributes:
        name: as the report calls it.
        act: makes it, and ends it.
        database: only where the service has this kind.
        lack: says why it cannot be tried here; None where it can.
        bounded: whether all must have recovered within the bound: not so where the API's rules
            themselves ask for a longer pause.
    """

    name: str
    act: Act
    database: Literal["sqlite", "postgres"] | None = None
    lack: Lack = lambda _: None
    bounded: bool = True


def a_worker(world: World, chance: random.Random) -> Service:
    """One of the two workers."""
    return world.keeper.services[chance.choice(WORKERS)]


def kill(name: str | None) -> Act:
    """SIGKILL a service with its children; a worker where no name is given."""

    def act(world: World, chance: random.Random) -> None:
        chosen = world.keeper.services[name] if name else a_worker(world, chance)
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
    world.redis.kill()
    world.redis.start()


def stop(name: str | None) -> Act:
    """Stop a service with its children for longer than a lease, or shorter; name as in `kill()`."""

    def act(world: World, chance: random.Random) -> None:
        chosen = world.keeper.services[name] if name else a_worker(world, chance)
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


def kill_redis(world: World, chance: random.Random) -> None:
    """SIGKILL Redis, which loses a second of its file, and start it a little later."""
    world.redis.kill()
    world.sleep(chance.uniform(*SHORT))
    world.redis.start()


def empty_redis(world: World, chance: random.Random) -> None:
    """Have Redis forget all."""
    del chance
    world.redis.ask("FLUSHALL")


def stall_redis(world: World, chance: random.Random) -> None:
    """Let Redis answer nobody."""
    world.redis.stall()
    try:
        world.sleep(chance.uniform(*SHORT))
    finally:
        world.redis.go_on()


def redis_with(before: tuple[str, ...], after: tuple[str, ...], password: str | None = None) -> Act:
    """Give Redis a command, and another one at the end."""

    def act(world: World, chance: random.Random) -> None:
        world.redis.ask(*before)
        if password is not None:
            world.redis.ask("CLIENT", "KILL", "TYPE", "normal", password=password)
        world.sleep(chance.uniform(*SHORT))
        world.redis.ask(*after, password=password)

    return act


def fill_redis_disk(world: World, chance: random.Random) -> None:
    """Leave no room for Redis' append-only file."""
    world.redis_disk.fill()
    try:
        world.sleep(chance.uniform(*SHORT))
    finally:
        world.redis_disk.free()
    world.redis.start_if_dead()


def fill_database_disk(world: World, chance: random.Random) -> None:
    """Leave no room for the database, which Postgres may end by."""
    world.database_disk.fill()
    try:
        world.sleep(chance.uniform(*SHORT))
    finally:
        world.database_disk.free()
    if world.postgres is not None:
        world.postgres.start_if_dead()


def kill_postgres(world: World, chance: random.Random) -> None:
    """SIGKILL Postgres, and start it a little later."""
    assert world.postgres is not None
    world.postgres.kill()
    world.sleep(chance.uniform(*SHORT))
    world.postgres.start()


def stall_postgres(world: World, chance: random.Random) -> None:
    """Let Postgres answer nobody."""
    assert world.postgres is not None
    world.postgres.stall()
    try:
        world.sleep(chance.uniform(*SHORT))
    finally:
        world.postgres.go_on()


def end_connections(world: World, chance: random.Random) -> None:
    """End every connection to Postgres, as an administrator would."""
    del chance
    assert world.postgres is not None
    world.postgres.ask(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )


def lock_sqlite(world: World, chance: random.Random) -> None:
    """Hold SQLite's write lock, as a backup or a person's shell would."""
    with closing(sqlite3.connect(world.sqlite, timeout=30, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        world.sleep(chance.uniform(*SHORT))
        other.execute("ROLLBACK")


def network(*, cut: bool) -> Act:
    """Stall the network between a service and a server, or reset what is open between them."""

    def act(world: World, chance: random.Random) -> None:
        service = chance.choice([*WORKERS, "scheduler", "poller"])
        servers = ["redis", "postgres"] if world.postgres is not None else ["redis"]
        may_be_api = service == "poller" and not cut  # whose client must pause after a reset
        server = chance.choice([*servers, "api"] if may_be_api else servers)
        proxy = world.proxy(service, server)
        if cut:
            world.network.do(proxy.cut())
            return
        world.network.do(proxy.stall())
        try:
            world.sleep(chance.uniform(*SHORT))
        finally:
            world.network.do(proxy.flow())

    return act


def kill_api(world: World, chance: random.Random) -> None:
    """Let the API be away."""
    world.api.kill()
    world.sleep(chance.uniform(*SHORT))
    world.api.start()


def fail_api(world: World, chance: random.Random) -> None:
    """Let the API answer nothing but HTML with HTTP 500."""
    world.api.kill()
    world.api.fails = True
    world.api.start()
    world.sleep(chance.uniform(*SHORT))
    world.api.kill()
    world.api.fails = False
    world.api.start()


def move_versions(world: World, chance: random.Random) -> None:
    """Promote a version and roll it back, while batches of either are under way."""
    for forward in (True, False, True, False):
        world.ledger.move_live(forward=forward)
        world.sleep(chance.uniform(0.1, 2.0))


@contextmanager
def beside(world: World, name: str, *arguments: str, code: Path | None = None) -> Iterator[Service]:
    """Run a further service."""
    made = world.keeper.add(world.service(name, *arguments, code=code))
    try:
        yield made
    finally:
        world.keeper.drop(made)


def twin(name: str, *arguments: str) -> Act:
    """Run a second one of what there should be one of."""

    def act(world: World, chance: random.Random) -> None:
        number = chance.randrange(10**6)
        with beside(world, f"{name}-{number}", *arguments):
            world.sleep(TWINS_SECONDS)

    return act


def other_version(world: World, chance: random.Random) -> None:
    """Run a third worker of an earlier version, which knows the same tables."""
    code = world.folder / "earlier"
    if not code.exists():
        code.mkdir()
        archive = subprocess.run(
            ["git", "archive", str(earlier_version())], cwd=ROOT, check=True, capture_output=True
        )
        subprocess.run(["tar", "-x", "-C", str(code)], input=archive.stdout, check=True)
    number = chance.randrange(10**6)
    name = f"earlier-{number}"
    with beside(world, name, "worker", "--name", name, code=code) as worker:
        world.wait(lambda: "ready." in worker.log.read_text(), FIRST_START_SECONDS)
        world.sleep(SHORT[0])


def earlier_version() -> str | None:
    """The earliest of the last commits whose tables are those of today; None without any."""

    def git(*arguments: str) -> str:
        command = ["git", *arguments]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        return run.stdout.strip()

    commits = git("log", "--format=%H", "-n", "60").split()
    tables = git("rev-parse", "HEAD:migrations") if commits else ""
    same = [one for one in commits[1:] if git("rev-parse", f"{one}:migrations") == tables]
    return same[-1] if same else None


def faketime() -> str | None:
    """The library that gives one process a clock of its own (Debian's `libfaketime`)."""
    named = os.environ.get("LIBFAKETIME")
    found = [str(path) for path in Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")]
    return named or next(iter(found), None)


def step_clock(world: World, chance: random.Random) -> None:
    """Give a service a clock that is an hour off, and the right one again; it starts anew for each.

    What it wrote down by the wrong one is what the others, and itself, have to live with.
    """
    chosen = world.keeper.services[chance.choice(["poller", "scheduler", *WORKERS])]
    right = chosen.environment
    off = {"LD_PRELOAD": str(faketime()), "FAKETIME": chance.choice(["+1h", "-1h"])}
    chosen.environment = {**right, **off, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    try:
        chosen.kill()
        world.sleep(TWINS_SECONDS)
    finally:
        chosen.environment = right
        chosen.kill()


def upgrade_database(world: World, chance: random.Random) -> None:
    """Run `tagger db upgrade` beside all services."""
    del chance
    world.command("db", "upgrade")


def restore_backup(world: World, chance: random.Random) -> None:
    """Bring a backup back under running services, which have gone on for a while since it."""
    file = str(world.folder / f"{chance.randrange(10**6)}.backup.gz")
    world.command("db", "backup", file)
    world.sleep(chance.uniform(*SHORT))
    with world.ledger.overwritten():
        world.command("db", "restore", "--replace", file)
