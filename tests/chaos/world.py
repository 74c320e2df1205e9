"""All that a run consists of, put together: servers, network, services, and the ledger."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from core.clock import SystemClock
from core.database.engine import make_engine
from core.database.migrate import upgrade
from tests.chaos.api import POLL_SECONDS, make_api, shown
from tests.chaos.brokers import BrokerServer, running_broker
from tests.chaos.disk import Disk, small_disk
from tests.chaos.ledger import Ledger
from tests.chaos.network.namespaces import Namespaces, can_be_made
from tests.chaos.network.proxies import Network, Proxy
from tests.chaos.servers import ApiServer, PostgresServer, Server
from tests.chaos.services import UP, Keeper, Part, Service
from tests.processes import ROOT

LOOK_SECONDS: Final = 0.2
CLOCKS_DIFFER: Final = timedelta(seconds=5)  # later marks are of a clock that was ahead
COMMAND_SECONDS: Final = 60.0
REDIS_MB, DATABASE_MB = 64, 400
WORKERS: Final = ("worker-1", "worker-2")
SERVICES: Final[Mapping[str, tuple[str, ...]]] = {
    "worker-1": ("worker", "--name", "one"),
    "worker-2": ("worker", "--name", "two"),
    "scheduler": ("scheduler",),
    "poller": ("poll",),
}
# What `tagger up` runs in place of them.
OF_UP: Final[Mapping[str, tuple[str, ...]]] = {
    "worker-1": ("worker", "--name", "tagging"),
    "worker-2": ("worker", "--name", "tagging"),
    "scheduler": ("scheduler",),
    "poller": ("poll",),
}
SETTINGS: Final = {  # all others are those that ship
    "sites": "stats",
    "api_key": "chaos",  # by which the stand-in gives quota without end
    "poll_seconds": POLL_SECONDS,
    "changed_seconds": 60,
    "history_questions": 0,
    "retrain_cron": "off",
}


@dataclass
class World:
    """A running service with all that it needs.

    Attributes:
        folder: of this run: logs, data.
        seed: of what the API shows.
        broker: Redis or RabbitMQ.
        postgres: the database's server; None where it is SQLite.
        database_disk: where the database's files are.
        sqlite: the database's file, where it is one.
        namespaces: of the services' networks; None where none can be made.
        poller: the service that polls.
    """

    folder: Path
    seed: int
    broker: BrokerServer
    api: ApiServer
    postgres: PostgresServer | None
    redis_disk: Disk
    database_disk: Disk
    sqlite: Path
    network: Network
    keeper: Keeper
    ledger: Ledger
    namespaces: Namespaces | None
    poller: str

    @property
    def first_backup(self) -> Path:
        """A backup of the run's beginning."""
        return self.folder / "first.backup.gz"

    @property
    def database(self) -> str:
        """Its kind."""
        return "sqlite" if self.postgres is None else "postgres"

    def sleep(self, seconds: float) -> None:
        """Let time pass, in which what has ended is started again."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.keeper.check()
            time.sleep(min(LOOK_SECONDS, max(0.0, end - time.monotonic())))

    def wait(self, condition: Callable[[], bool], seconds: float) -> float | None:
        """Wait for something; return after how many seconds it was so, None where it was not."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            self.keeper.check()
            if condition():
                return time.monotonic() - began
            time.sleep(LOOK_SECONDS)
        return None

    def has_recovered(self, since: datetime) -> bool:
        """Whether all that was asked by a moment is tagged, and new questions were read since."""
        polled = self.ledger.polled_at()
        is_polled = polled is not None and since < polled < now() + CLOCKS_DIFFER
        return is_polled and self.ledger.pending(since) == 0

    def shown(self) -> set[int]:
        """The questions that the API has shown so far."""
        return shown(make_api(began=self.api.began, seed=self.seed), time.time())

    def process(self, name: str) -> Service | Part:
        """A service by its name, whoever runs it."""
        up = self.keeper.services.get(UP)
        return self.keeper.services[name] if up is None else Part(up, OF_UP[name])

    def service(self, name: str, *arguments: str) -> Service:
        """A further service, with a network of its own to all that it needs."""
        log = self.folder / "logs" / f"{name}.log"
        return Service(name, arguments, self._environment(name), log)

    def isolated_service(self, name: str, *arguments: str) -> Service:
        """A service in a namespace of its own, where there can be any."""
        made = self.service(name, *arguments)
        if self.namespaces is not None:
            made.inside = partial(self.namespaces.command, name)
        return made

    def command(self, *arguments: str) -> None:
        """Run a command of the program to its end, which must be a good one."""
        environment = self._environment(" ".join(arguments))
        environment["PYTHONPATH"] = str(ROOT)
        command = [sys.executable, "-m", "tagger", *arguments]
        with (self.folder / "logs" / "commands.log").open("ab") as lines:
            run = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=lines, stderr=lines)
        self.wait(lambda: run.poll() is not None, COMMAND_SECONDS)
        if run.poll() != 0:
            run.kill()
            self.keeper.unexpected.append(("tagger " + " ".join(arguments), run.poll()))

    def proxy(self, service: str, server: str) -> Proxy:
        """The network between a service and a server."""
        name = f"{service} and {server}"
        (found,) = [proxy for proxy in self.network.proxies if proxy.name == name]
        return found

    def _between(self, name: str, server: Server) -> Proxy:
        """The network between a service and a server, which begins where the service's cable ends.

        Commands and what runs beside for a while have no cable of their own.
        """
        host = "127.0.0.1"
        if self.namespaces is not None and name in (*SERVICES, UP):
            host = self.namespaces.connect(name, server.name).address
        return self.network.between(f"{name} and {server.name}", server.port, host)

    def _api(self) -> Proxy:
        """The network to the API, by one address for all: it is what tells clients apart."""
        name = f"{self.poller} and {self.api.name}"
        made = [proxy for proxy in self.network.proxies if proxy.name == name]
        return made[0] if made else self._between(self.poller, self.api)

    def _environment(self, name: str) -> dict[str, str]:
        api, broker = self._api(), self._between(name, self.broker)
        database = f"sqlite:///{self.sqlite}"
        if self.postgres is not None:
            proxy = self._between(name, self.postgres)
            database = self.postgres.address_at(proxy.port, proxy.host)
        settings = {
            **SETTINGS,
            "api_url": f"http://{api.host}:{api.port}/2.3",
            "broker_url": self.broker.url_at(broker.host, broker.port),
            "database_url": database,
            "data_dir": self.folder / "data",
        }
        kept = {key: value for key, value in os.environ.items() if not key.startswith("TAGGER_")}
        return kept | {f"TAGGER_{key.upper()}": str(value) for key, value in settings.items()}


@contextmanager
def running_world(
    folder: Path, database: str, seed: int, *, broker: str = "redis", up: bool = False
) -> Iterator[World]:
    """Start everything in an empty folder, and end it.

    Args:
        folder: of the run.
        database: sqlite or postgres.
        seed: of what the API shows.
        broker: redis or rabbitmq.
        up: whether `tagger up` runs the services.
    """
    with ExitStack() as stack:
        (folder / "logs").mkdir(parents=True)
        redis_disk = stack.enter_context(small_disk(folder / "redis-disk", REDIS_MB))
        database_disk = stack.enter_context(small_disk(folder / "database-disk", DATABASE_MB))
        postgres = None
        if database == "postgres":
            postgres = PostgresServer(folder, database_disk.folder)
            stack.callback(postgres.kill)
            postgres.start()
        sqlite = database_disk.folder / "tagger.sqlite3"
        api = ApiServer(folder, seed)
        stack.callback(api.kill)
        api.start()
        world = World(
            folder=folder,
            seed=seed,
            broker=stack.enter_context(running_broker(broker, folder, redis_disk.folder)),
            api=api,
            postgres=postgres,
            redis_disk=redis_disk,
            database_disk=database_disk,
            sqlite=sqlite,
            network=stack.enter_context(Network()),
            keeper=Keeper(),
            ledger=_open_ledger(
                f"sqlite:///{sqlite}" if postgres is None else postgres.address, stack
            ),
            namespaces=stack.enter_context(Namespaces()) if can_be_made() else None,
            poller=UP if up else "poller",
        )
        world.command("db", "backup", str(world.first_backup))
        stack.callback(world.keeper.end_all)
        for name, arguments in ({UP: (UP,)} if up else SERVICES).items():
            world.keeper.add(world.isolated_service(name, *arguments))
        yield world


def _open_ledger(url: str, stack: ExitStack) -> Ledger:
    engine = make_engine(url)
    stack.callback(engine.dispose)
    upgrade(engine)
    ledger = Ledger(engine)
    ledger.open()
    return ledger


def now() -> datetime:
    """The present, in UTC."""
    return SystemClock().now()
