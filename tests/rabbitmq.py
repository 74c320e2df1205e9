"""A real RabbitMQ of Debian's package, as a node of the tests' own: it is no system service."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.conftest import free_port

# The package's own command runs as the system's user and in the system's folders.
SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
USER, PASSWORD = "tagger", "hush-hush"
START_SECONDS = 90


@dataclass
class Node:
    """A node with a folder, a name and ports of its own, which keep when it is started again."""

    folder: Path
    port: int = field(default_factory=free_port)
    _epmd_port: int = field(default_factory=free_port)
    _dist_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"amqp://{USER}:{PASSWORD}@127.0.0.1:{self.port}//"

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run the node and the name server of Erlang that belongs to it."""
        self._configure()
        epmd = [str(shutil.which("epmd")), "-address", "127.0.0.1", "-port", str(self._epmd_port)]
        with ExitStack() as stack:
            names = stack.enter_context(subprocess.Popen(epmd))
            stack.callback(names.terminate)
            stack.callback(self.kill)
            self.start()
            yield

    def start(self) -> None:
        with (self.folder / "out").open("ab") as lines:
            self.process = subprocess.Popen(
                [str(SERVER)],
                cwd=self.folder,  # where a crash would leave its dump
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=lines,
                stderr=lines,
                start_new_session=True,
            )
        for _ in range(START_SECONDS * 20):
            if self._listens():
                return
            assert self.process.poll() is None, (self.folder / "out").read_text()
            time.sleep(0.05)
        raise AssertionError(f"RabbitMQ does not listen after {START_SECONDS} s")

    def _listens(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
            return True
        return False

    def kill(self) -> None:
        """End the node as a loss of power would."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()  # which is a shell: the node itself may take longer
            while self._listens():
                time.sleep(0.01)

    def _configure(self) -> None:
        lines = {
            "listeners.tcp.1": f"127.0.0.1:{self.port}",
            "default_user": USER,
            "default_pass": PASSWORD,
        }
        config = "".join(f"{name} = {value}\n" for name, value in lines.items())
        (self.folder / "rabbitmq.conf").write_text(config)
        (self.folder / "plugins").write_text("[].\n")

    def _environment(self) -> dict[str, str]:
        local = "-kernel inet_dist_use_interface {127,0,0,1}"
        named = {
            "NODENAME": f"tagger{self.port}@localhost",
            "DIST_PORT": self._dist_port,
            "CONFIG_FILE": self.folder / "rabbitmq.conf",
            "ENABLED_PLUGINS_FILE": self.folder / "plugins",
            "MNESIA_BASE": self.folder / "data",
            "LOG_BASE": self.folder,
            "PID_FILE": self.folder / "pid",
            "SERVER_ADDITIONAL_ERL_ARGS": f"{local} +sbwt none",
        }
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),  # of the cookie
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            **{f"RABBITMQ_{name}": str(value) for name, value in named.items()},
        }


@pytest.fixture(scope="session")
def rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node that runs. Without the package its tests are left out."""
    if not SERVER.exists():
        pytest.skip("no RabbitMQ here: apt-get install rabbitmq-server")
    node = Node(tmp_path_factory.mktemp("rabbitmq"))
    with node.running():
        yield node
