"""What a kind of broker does in its own way; the rest is Celery's."""

from contextlib import AbstractContextManager
from typing import Any, Protocol

from celery import Celery
from sqlalchemy import Engine

from core.clock import Clock
from core.questions.lifecycle import Priority


class Transport(Protocol):
    """Redis or RabbitMQ. A connection is Kombu's, which carries few types."""

    def configure(self, app: Celery, *, redelivery_seconds: int) -> None:
        """Set what this kind of broker needs of Celery."""

    def how_to_send(self, queue: str, priority: Priority) -> dict[str, Any]:
        """Options of `send_task()`: the queue that carries a priority, and what goes with it."""

    def served(self, queue: str) -> list[str]:
        """All queues of the broker's that a worker of a queue takes tasks from."""

    def renew(self, connection: Any) -> None:
        """Open a connection anew that the broker has closed meanwhile."""

    def lengths(self, connection: Any, queue: str) -> dict[Priority, int]:
        """How many messages of each priority wait in a queue."""

    def peek(self, connection: Any, queue: str) -> list[bytes] | None:
        """The bodies of all messages that wait in a queue; None where they cannot be had."""

    def refill_lock(
        self, connection: Any, engine: Engine, clock: Clock, patience: float
    ) -> AbstractContextManager[bool]:
        """Hold the lock of refilling; whether it was to be had within so many seconds."""
