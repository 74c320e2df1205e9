"""Celery over RabbitMQ: quorum queues, which survive the loss of a node, one a priority.

https://www.rabbitmq.com/docs/quorum-queues says what they promise. They have priorities from
RabbitMQ 4 on only, so the backfill has a queue of its own, and the refill holds it back while many
tasks of the live feed wait.
"""

from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import Any, Final

from celery import Celery
from sqlalchemy import Engine

from core.broker.refill_lock import refill_lock
from core.clock import Clock
from core.questions.lifecycle import Priority

# A queue keeps these for good: another value is refused until somebody deletes it. A message that
# was handed out so often to workers that vanished is dropped, and the sweep sends smaller ones:
# RabbitMQ's own limit from 4.0 on, and none before.
ARGUMENTS: Final = {"x-queue-type": "quorum", "x-delivery-limit": 20}

# A broker that is short of memory or disk takes no message meanwhile. Two tries, and two
# connections that are given up, wait four times as long.
ANSWER_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class RabbitMqTransport:
    """See Transport.

    Attributes:
        tagging: the queue that has priorities.
        training: the other one.
    """

    tagging: str
    training: str

    @property
    def _backfill(self) -> str:
        return f"{self.tagging}.backfill"

    def configure(self, app: Celery, *, redelivery_seconds: int) -> None:
        """Declare the queues, and have each message confirmed.

        RabbitMQ sends again what a vanished worker held as soon as its connection is gone, so the
        seconds are not needed. A task must be confirmed within its `consumer_timeout` (30 minutes);
        a channel that it closes for that, behind a long training, is opened anew.
        """
        del redelivery_seconds
        app.conf.update(
            task_queues={
                name: {"routing_key": name, "queue_arguments": ARGUMENTS}
                for name in (self.tagging, self._backfill, self.training)
            },
            broker_transport_options={
                "confirm_publish": True,
                "read_timeout": ANSWER_SECONDS,
                "write_timeout": ANSWER_SECONDS,
            },
            # The certificate is verified, for the name in the address.
            broker_use_ssl=app.conf.broker_url.startswith("amqps:") and {"server_hostname": None},
            broker_heartbeat=30,  # seconds; a worker that vanished is missed after two
            broker_channel_error_retry=True,
            # A second try: the first may go into a connection that a restart has cut.
            task_publish_retry=True,
            task_publish_retry_policy={"max_retries": 1, "interval_start": 0},
        )

    def how_to_send(self, queue: str, priority: Priority) -> dict[str, Any]:
        """Tasks of a backfill go into its own queue."""
        return {"queue": self._backfill if priority is Priority.BACKFILL else queue}

    def served(self, queue: str) -> list[str]:
        """A worker of the tagging queue serves the backfill's too."""
        return [self.tagging, self._backfill] if queue == self.tagging else [queue]

    def renew(self, connection: Any) -> None:
        """Look for what the broker said last, which may be goodbye; costs no round trip."""
        with suppress(TimeoutError, *connection.connection_errors, *connection.channel_errors):
            connection.drain_events(timeout=0.001)
        if connection.connected and connection.default_channel.is_open:
            return
        connection.collect()
        connection.ensure_connection(max_retries=1, timeout=5)

    def lengths(self, connection: Any, queue: str) -> dict[Priority, int]:
        """Declare the queues, which tells how many messages are ready, and makes a missing one."""
        counts = dict.fromkeys(Priority, 0)
        names = zip(Priority, self.served(queue), strict=False)
        for priority, name in names:
            declared = connection.default_channel.queue_declare(
                name, durable=True, auto_delete=False, arguments=ARGUMENTS
            )
            counts[priority] = declared.message_count
        return counts

    def peek(self, connection: Any, queue: str) -> list[bytes] | None:
        """Nobody can read its messages without taking them; but there may be none."""
        return None if any(self.lengths(connection, queue).values()) else []

    def refill_lock(
        self, connection: Any, engine: Engine, clock: Clock, patience: float
    ) -> AbstractContextManager[bool]:
        """Hold the database's: RabbitMQ has no lock that ends by itself."""
        del connection
        return refill_lock(engine, clock, patience)
