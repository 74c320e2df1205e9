"""What is done to Redis or RabbitMQ, to the database and to the API."""

import random
import sqlite3
from contextlib import closing

from tests.chaos.brokers import RabbitServer, RedisServer
from tests.chaos.faults.base import SHORT, Act
from tests.chaos.world import World


def kill_broker(world: World, chance: random.Random) -> None:
    """SIGKILL the broker, which loses a second of its file, and start it a little later."""
    world.broker.kill()
    world.sleep(chance.uniform(*SHORT))
    world.broker.start()


def stall_broker(world: World, chance: random.Random) -> None:
    """Let the broker answer nobody."""
    world.broker.stall()
    try:
        world.sleep(chance.uniform(*SHORT))
    finally:
        world.broker.go_on()


def _redis(world: World) -> RedisServer:
    assert isinstance(world.broker, RedisServer)
    return world.broker


def empty_redis(world: World, chance: random.Random) -> None:
    """Have Redis forget all."""
    del chance
    _redis(world).ask("FLUSHALL")


def empty_rabbitmq(world: World, chance: random.Random) -> None:
    """Have RabbitMQ forget what waits for workers."""
    del chance
    assert isinstance(world.broker, RabbitServer)
    world.broker.empty()


def redis_with(before: tuple[str, ...], after: tuple[str, ...], password: str | None = None) -> Act:
    """Give Redis a command, and another one at the end."""

    def act(world: World, chance: random.Random) -> None:
        redis = _redis(world)
        redis.ask(*before)
        if password is not None:
            redis.ask("CLIENT", "KILL", "TYPE", "normal", password=password)
        world.sleep(chance.uniform(*SHORT))
        redis.ask(*after, password=password)

    return act


def fill_redis_disk(world: World, chance: random.Random) -> None:
    """Leave no room for Redis' append-only file."""
    world.redis_disk.fill()
    try:
        world.sleep(chance.uniform(*SHORT))
    finally:
        world.redis_disk.free()
    world.broker.start_if_dead()


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


def make_read_only(world: World, chance: random.Random) -> None:
    """Have Postgres refuse all writes, as a standby does, or a provider before the disk is full."""
    assert world.postgres is not None
    for change in ("SET default_transaction_read_only = on", "RESET default_transaction_read_only"):
        world.postgres.ask(f"ALTER SYSTEM {change}")
        world.postgres.ask("SELECT pg_reload_conf()")
        if change.startswith("SET"):
            world.sleep(chance.uniform(*SHORT))


def lock_sqlite(world: World, chance: random.Random) -> None:
    """Hold SQLite's write lock, as a backup or a person's shell would."""
    with closing(sqlite3.connect(world.sqlite, timeout=30, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        world.sleep(chance.uniform(*SHORT))
        other.execute("ROLLBACK")


def kill_api(world: World, chance: random.Random) -> None:
    """Let the API be away: its address refuses connections."""
    proxies = world.network.before(world.api.port)
    world.api.kill()
    for proxy in proxies:
        world.network.do(proxy.refuse())
    world.sleep(chance.uniform(*SHORT))
    world.api.start()
    for proxy in proxies:
        world.network.do(proxy.listen())


def fail_api(world: World, chance: random.Random) -> None:
    """Let the API answer nothing but HTML with HTTP 500."""
    world.api.kill()
    world.api.fails = True
    world.api.start()
    world.sleep(chance.uniform(*SHORT))
    world.api.kill()
    world.api.fails = False
    world.api.start()
