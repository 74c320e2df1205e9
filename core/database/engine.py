"""Engines for SQLite and Postgres that behave alike, and errors in one line."""

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.exc import DatabaseError, InterfaceError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential

from core.addresses import shown_address
from core.clock import Clock
from core.database.sqlite_advice import advise, find_read_only
from core.database.words import add_functions
from core.errors import DatabaseForbidden, DatabaseUnreachable

log = logging.getLogger(__name__)

# DatabaseError itself is a file that is no database; its other kinds are errors of a statement.
_UNUSABLE = (OperationalError, InterfaceError, DatabaseError)

_FORBIDDEN = "42501"  # what Postgres calls insufficient privilege
_READ_ONLY = "25006"  # of a standby, say, or of a server whose disk is all but full
_PASSING = (_READ_ONLY, "25P03", "25P04")  # InternalErrors, too; the last two: it took too long
_DEADLOCK = "40P01"
_TRIES = 20  # against deadlocks; each takes the second after which Postgres looks for one

# In seconds, and a number of probes: a host that lost its power is given up within a minute.
_KEEPALIVES = {"idle": 30, "interval": 10, "count": 3}

# Of the file that is read as memory, which all processes share: a choice that looks at thousands of
# rows all over 100,000 questions takes 9 ms of processor time so, and 200 by reading each page.
SQLITE_MAPPED_BYTES = 1 << 30

T = TypeVar("T")

_no_fork = threading.RLock()  # whoever forks within its own block would wait for itself
os.register_at_fork(
    before=_no_fork.acquire, after_in_parent=_no_fork.release, after_in_child=_no_fork.release
)

SQLITE_BUSY_MS = 30_000  # writers wait for each other; a batch's transaction takes milliseconds
UNFORKED_BUSY_MS = 500  # for so long at a time, where a fork waits meanwhile
AGAIN_SECONDS = 0.05


def make_engine(address: str, *, busy_ms: int | None = None) -> Engine:
    """Return an engine for a database's address; make it after any fork.

    On SQLite a transaction of `engine.begin()` is a writer's from its start (BEGIN IMMEDIATE): one
    that turns into a writer fails where another one writes. Those of `reading(engine)` never wait.

        engine = make_engine("sqlite:///data/tagger.sqlite3")
        with reading(engine) as connection:
            versions = list_versions(connection)

    A database that is lost or refuses a connection, at whatever moment, is a DatabaseUnreachable.

    Args:
        address: SQLAlchemy's URL.
        busy_ms: for how long SQLite's writers wait; else its address' timeout, or SQLITE_BUSY_MS.
    """
    url = make_url(address)
    is_sqlite = url.get_backend_name() == "sqlite"
    engine = _sqlite_engine(url, busy_ms) if is_sqlite else _postgres_engine(url)
    _tell_when_unreachable(engine)
    return engine


def _tell_when_unreachable(engine: Engine) -> None:
    """Let whatever finds the database away raise DatabaseUnreachable, caused by the driver's.

    And let what Postgres forbids the user raise DatabaseForbidden.
    """

    @event.listens_for(engine, "handle_error", retval=True)
    def explain(context: ExceptionContext) -> BaseException | None:
        state = _state(context.original_exception)
        if state == _FORBIDDEN:
            return _forbidden(engine, context.original_exception)
        # A failed ping is the pool's own matter: it connects anew, and only that failure counts.
        is_away = type(context.sqlalchemy_exception) in _UNUSABLE or state in _PASSING
        if context.is_pre_ping or not is_away:
            return None
        # By a new connection, the address may lead to another server than to the standby.
        context.is_disconnect = context.is_disconnect or state == _READ_ONLY
        return unreachable(engine, context.original_exception)


def _postgres_engine(url: URL) -> Engine:
    client = {f"keepalives_{name}": number for name, number in _KEEPALIVES.items()}
    own = {"application_name": "question-tagger", "client_encoding": "utf8"}
    defaults = {"connect_timeout": 5, **own, **client}
    engine = create_engine(
        url,
        pool_pre_ping=True,
        pool_size=5,
        pool_use_lifo=True,  # one that has its statements prepared, rather than each in its turn
        connect_args={name: defaults[name] for name in defaults.keys() - url.query.keys()},
    )

    @event.listens_for(engine, "connect")
    def configure(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        # The server's own side, which frees the locks of a client that is gone.
        with closing(connection.cursor()) as cursor:
            for name, number in _KEEPALIVES.items():
                cursor.execute(f"SET tcp_keepalives_{name} = {number}")
        connection.commit()

    return engine


def _sqlite_engine(url: URL, busy_ms: int | None) -> Engine:
    name = str(url.database or "")
    is_file = name not in ("", ":memory:") and not name.startswith("file:")  # SQLite's URI
    if is_file:
        folder = Path(name).parent
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            read_only = find_read_only(folder)
            reason = f"{read_only} is read-only for this user" if read_only else error.strerror
            raise DatabaseUnreachable(
                f"The folder {folder} for the database cannot be made: {reason}.",
                "Set TAGGER_DATA_DIR to one that can be written.",
            ) from None
    engine = create_engine(url)

    @event.listens_for(engine, "do_connect")
    def make_private(*_: object) -> None:
        """Make a new file the owner's alone; SQLite gives those beside it the same rights."""
        if is_file:
            with suppress(OSError):  # it is there, or SQLite says what is wrong
                made = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
                os.close(made)

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # the driver itself begins nothing
        # A text that somebody stored in another encoding must not fail all that is read with it.
        connection.text_factory = lambda raw: raw.decode(errors="replace")
        add_functions(connection)
        cursor = connection.cursor()
        if busy_ms is not None or "timeout" not in url.query:  # by which it was opened
            cursor.execute(f"PRAGMA busy_timeout={SQLITE_BUSY_MS if busy_ms is None else busy_ms}")
        _switch_to_wal(cursor)
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute(f"PRAGMA mmap_size={SQLITE_MAPPED_BYTES}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reads = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _switch_to_wal(cursor: sqlite3.Cursor) -> None:
    """Let readers and a writer work at once; the file remembers it.

    Where several processes find a new file and switch it at the same moment, SQLite fails all but
    one of them at once, whatever the busy timeout is.
    """
    end = time.monotonic() + SQLITE_BUSY_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.01)
        else:
            return


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection for a transaction that only reads."""
    with engine.connect().execution_options(reading=True) as connection:
        yield connection


@contextmanager
def writing_once(address: str) -> Iterator[Connection]:
    """A connection for one transaction that writes, of an engine that is gone afterwards.

    For processes that fork: a child must find no connection of its parent's. Nor may it be forked
    meanwhile on SQLite, which remembers in memory what locks its process holds: a child that
    remembered its parent's would find the file locked for as long as it lives. So a fork waits, but
    not for the writers of other processes, who may take long.
    """
    if make_url(address).get_backend_name() == "sqlite":
        connection, stack = _begin_between_forks(make_engine(address, busy_ms=UNFORKED_BUSY_MS))
        with stack:
            yield connection
        return
    engine = make_engine(address)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def _begin_between_forks(engine: Engine) -> tuple[Connection, ExitStack]:
    """A transaction, and what ends it and lets processes be forked again."""
    end = time.monotonic() + SQLITE_BUSY_MS / 1000
    while True:
        with ExitStack() as stack:
            stack.enter_context(_no_fork)
            stack.callback(engine.dispose)
            try:
                connection = stack.enter_context(engine.begin())
            except DatabaseUnreachable as error:
                if not _is_busy(error) or time.monotonic() > end:
                    raise
            else:
                return connection, stack.pop_all()
        time.sleep(AGAIN_SECONDS)


def _is_busy(error: BaseException | None) -> bool:
    """Whether an error was caused by another writer."""
    while error is not None:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
            return True
        error = error.__cause__
    return False


def retry_while_database_is_away(clock: Clock, seconds: float) -> Retrying:
    """Return what calls a function again while the database is away, for so many seconds.

    The function is a whole transaction: of a try that failed nothing is left.

        retrying = retry_while_database_is_away(clock, 60)
        retrying(write, engine, rows)

    Raises:
        DatabaseUnreachable: of the last try.
    """
    began = clock.monotonic()

    def begin(state: RetryCallState) -> None:
        nonlocal began
        if state.attempt_number == 1:
            began = clock.monotonic()

    return Retrying(
        retry=retry_if_exception_type(DatabaseUnreachable),
        wait=wait_random_exponential(max=10),
        before=begin,
        stop=lambda _: clock.monotonic() - began >= seconds,
        sleep=clock.sleep,
        reraise=True,
    )


def despite_deadlocks(action: Callable[[], T]) -> T:
    """Do something, and again where Postgres ended it for a deadlock: its rivals go on in between.

    Args:
        action: a transaction or a savepoint of its own, which leaves nothing where it fails.

    Raises:
        DatabaseUnreachable: of the action, where it is no deadlock, or has been one each time.
    """
    for _ in range(_TRIES - 1):
        try:
            return action()
        except DatabaseUnreachable as error:
            if not _is_deadlock(error):
                raise
            log.info("others write what this needs, in another order: trying again")
    return action()


def _is_deadlock(error: BaseException | None) -> bool:
    """Whether an error was caused by what Postgres calls a deadlock."""
    while error is not None and _state(error) != _DEADLOCK:
        error = error.__cause__
    return error is not None


def unreachable(engine: Engine, error: BaseException) -> DatabaseUnreachable:
    """The driver's error as one that says which database it is, and what to do; no password."""
    reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
    advice = "Start it, or set TAGGER_DATABASE_URL to one that runs."
    if _state(error) == _READ_ONLY:
        advice = "Let it take writes again, or set TAGGER_DATABASE_URL to one that does."
    if engine.dialect.name == "sqlite":
        advice = advise(Path(str(engine.url.database)), error)
    told = f"The database {shown_address(engine.url)} cannot be used: {reason}."
    return DatabaseUnreachable(told, advice)


@contextmanager
def driven(connection: Connection) -> Iterator[Any]:
    """Give the driver's own connection, whose errors are told as SQLAlchemy's would be.

        with driven(connection) as driver, driver.cursor() as cursor:
            …

    Raises:
        DatabaseUnreachable: the database is away; the connection is given up.
        DatabaseForbidden: the user may not do that.
    """
    dbapi: Any = connection.dialect.loaded_dbapi
    try:
        yield connection.connection.driver_connection
    except dbapi.Error as error:
        if _state(error) == _FORBIDDEN:
            raise _forbidden(connection.engine, error) from error
        kinds = (dbapi.InterfaceError, dbapi.OperationalError)
        if not isinstance(error, kinds) and _state(error) not in _PASSING:
            raise
        connection.invalidate(error)
        raise unreachable(connection.engine, error) from error


def _state(error: BaseException | None) -> str | None:
    return getattr(error, "sqlstate", None)


def _forbidden(engine: Engine, error: BaseException) -> DatabaseForbidden:
    reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
    return DatabaseForbidden(
        f"The database's user {engine.url.username} may not do that: {reason}.",
        "Set TAGGER_DATABASE_URL to the address of a user who may, as the tables' owner does.",
    )


def dialect_insert(engine_or_connection: Engine | Connection, table: type[Any]) -> Any:
    """The dialect's own INSERT of a table, which knows ON CONFLICT."""
    if engine_or_connection.dialect.name == "sqlite":
        from sqlalchemy.dialects.sqlite import insert  # noqa: PLC0415
    else:
        from sqlalchemy.dialects.postgresql import insert  # type: ignore[assignment] # noqa: PLC0415
    return insert(table)
