"""What the checks look at: settings, database, broker and API, each asked once."""

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from redis.exceptions import RedisError
from sqlalchemy import Engine, make_url

from core.broker.queue import asking, make_celery
from core.clock import Clock
from core.console import ApiProbe, AskApi, ProbeTeacher
from core.database.engine import make_engine, reading, unreachable
from core.database.existing import is_missing, open_existing
from core.database.migrate import known_revision, revisions
from core.errors import (
    BrokerUnreachable,
    DatabaseMissing,
    ServiceFailed,
    TaggerError,
)
from core.settings import Settings
from ops.service_state import BrokerState, ServiceState, ask_broker, read_state

LOCK_SECONDS: Final = 2.0  # for which a lock is waited for: those of the service last milliseconds

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BrokerFacts:
    """What the broker says of itself.

    Attributes:
        address: its own, without a password.
        info: Redis' INFO; empty of another kind.
        saves: whether Redis takes snapshots; None where it does not say.
        server_time: of its clock, UTC; None where it does not say.
        asked_at: when it was asked, by this machine's clock.
    """

    address: str
    info: Mapping[str, Any]
    saves: bool | None
    server_time: datetime | None
    asked_at: datetime


class NotChecked(TaggerError):
    """What a check needs cannot be had, for a reason that another check tells."""


def _once(ask: Callable[["CheckContext"], T]) -> Callable[["CheckContext"], T]:
    """Ask at the first call; return its answer, or raise its error, at all of them."""

    @wraps(ask)
    def answer(context: "CheckContext") -> T:
        told = context.told
        if ask.__name__ not in told:
            try:
                told[ask.__name__] = ask(context)
            except TaggerError as error:
                told[ask.__name__] = error
        found = told[ask.__name__]
        if isinstance(found, TaggerError):
            raise found
        return cast("T", found)

    return answer


class CheckContext:
    """The service, as its checks see it: nothing is made or migrated, and each thing asked once.

    Args:
        settings: of the service.
        clock: tells the time.
        ask_api: asks the API once; None where it is not to be asked.
        probe_teacher: looks at what TAGGER_TEACHER names.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        ask_api: AskApi | None = None,
        *,
        probe_teacher: ProbeTeacher | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.told: dict[str, Any] = {}
        self._ask_api = ask_api
        self._probe_teacher = probe_teacher

    @property
    def sqlite_file(self) -> Path | None:
        """The database's file, where it is one of SQLite's."""
        url = make_url(self.settings.database)
        return Path(str(url.database)) if url.get_backend_name() == "sqlite" else None

    @_once
    def broker(self) -> BrokerFacts:
        """What the broker says of itself.

        Raises:
            BrokerUnreachable: it gives no answer, or refuses the login.
            ServiceFailed: the embedded Redis' folder is another user's.
        """
        app = make_celery(self.settings)
        with asking(app) as connection:
            address = connection.as_uri()
            if app.conf.broker_url.startswith("amqp"):
                return BrokerFacts(address, {}, None, None, self.clock.now())
            return _ask_redis(connection.default_channel.client, address, self.clock)

    @_once
    def found_database(self) -> Engine:
        """An engine for the database that is there, of whatever revision.

        Raises:
            DatabaseError: there is none, or it gives no answer.
        """
        file = self.sqlite_file
        if file is not None and not is_missing(file):
            refuse_unusable(file, "BEGIN; SELECT count(*) FROM sqlite_master")
        return open_existing(self.settings.database)

    @_once
    def database(self) -> Engine:
        """The same, where its tables are those that this version of the program knows.

        Raises:
            NotChecked: they are not, or it gives no answer.
        """
        try:
            engine = self.found_database()
            with reading(engine) as connection:
                current = known_revision(connection)
        except TaggerError as error:
            raise NotChecked("the database cannot be read") from error
        if current != revisions()[-1]:
            raise NotChecked("the database's tables are not up to date")
        return engine

    @_once
    def state(self) -> ServiceState:
        """The service's state, as the command `status` shows it.

        Raises:
            NotChecked: the database cannot be read.
        """
        engine = self.database()
        try:
            self.broker()
            broker = ask_broker(make_celery(self.settings))
        except (BrokerUnreachable, ServiceFailed) as error:
            broker = BrokerState({}, (), str(error))
        return read_state(engine, self.settings, self.clock, broker=broker)

    @_once
    def api(self) -> ApiProbe | None:
        """What the API answers; None where it is not to be asked.

        Raises:
            ApiError: it is away, refuses, or may not be asked now.
            NotChecked: its rate limit cannot be read.
        """
        if self._ask_api is None:
            return None
        try:
            self.found_database()
        except DatabaseMissing:  # no record of requests: nobody has made any
            return self._ask_api(self.settings, None, self.clock)
        except TaggerError:
            pass
        return self._ask_api(self.settings, self.database(), self.clock)

    def teacher(self) -> str | None:
        """The network of the teacher; None where none is set.

        Raises:
            TeacherUnusable: it cannot be used.
            TrainerNotInstalled: nothing is trained on this machine.
        """
        if self.settings.teacher is None or self._probe_teacher is None:
            return None
        return self._probe_teacher(self.settings.teacher)

    def close(self) -> None:
        """Close the database's connections."""
        engine = self.told.get("found_database")
        if isinstance(engine, Engine):
            engine.dispose()


def _ask_redis(client: Any, address: str, clock: Clock) -> BrokerFacts:
    """Ask all in one pipeline: its connection has no late answer of Kombu's own polling."""
    with client.pipeline(transaction=False) as pipe:
        pipe.time()
        pipe.info()
        pipe.config_get("save")
        told, info, saved = pipe.execute(raise_on_error=False)
    for answer in (told, info):
        if isinstance(answer, RedisError):
            raise answer
    server_time = datetime.fromtimestamp(told[0] + told[1] / 1e6, UTC)
    saves = None if isinstance(saved, RedisError) else bool(saved.get("save"))  # or not allowed
    return BrokerFacts(address, info, saves, server_time, clock.now())


def refuse_unusable(file: Path, statements: str) -> None:
    """Refuse an SQLite file in which something cannot be done.

    Raises:
        DatabaseUnreachable: another process holds it for too long, and which one, or this user may
            not do that; a file that is no database is left to whoever opens it.
    """
    address = f"{file.absolute().as_uri()}?mode=rw"
    try:
        with closing(sqlite3.connect(address, LOCK_SECONDS, uri=True)) as connection:
            connection.isolation_level = None
            for statement in statements.split("; "):
                connection.execute(statement).fetchall()
            connection.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        engine = make_engine(f"sqlite:///{file}")
        raise unreachable(engine, error) from None
    except sqlite3.DatabaseError:
        return
