"""Celery over Redis: a list for each priority, which workers read in their order."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from celery import Celery
from kombu.transport.redis import Channel
from redis.exceptions import LockError
from sqlalchemy import Engine

from core.broker.redis_tls import use_tls
from core.clock import Clock
from core.questions.lifecycle import Priority

# Kombu's, as it writes them into Redis: a list each, read in this order. What fires by itself has
# none, and comes with the live feed's.
STEPS: Final = {Priority.LIVE: 0, Priority.BACKFILL: 9}

MOST_PEEKED: Final = 1000  # messages of a list

LOCK: Final = "tagger.refill"
LOCK_SECONDS: Final = 20  # after which a refiller counts as dead


class RedisTransport:
    """See Transport."""

    def configure(self, app: Celery, *, redelivery_seconds: int) -> None:
        """Have what a vanished worker held sent again after so many seconds."""
        use_tls(app)
        app.conf.broker_transport_options = {
            "visibility_timeout": redelivery_seconds,
            "socket_timeout": 30,
            "socket_connect_timeout": 5,
        }
        # One that takes no writes, for a failover's moment or for lack of memory, is waited for.
        app.conf.broker_channel_error_retry = True
        # One try and a short answer for those who enqueue: the sweep makes good what fails.
        app.conf.task_publish_retry = False

    def how_to_send(self, queue: str, priority: Priority) -> dict[str, Any]:
        """Priorities share a queue."""
        return {"queue": queue, "priority": STEPS[priority]}

    def served(self, queue: str) -> list[str]:
        """A queue's lists are Kombu's own matter."""
        return [queue]

    def renew(self, connection: Any) -> None:
        """Nothing: redis-py connects again by itself."""

    def lengths(self, connection: Any, queue: str) -> dict[Priority, int]:
        """Ask for the lists' lengths in one round trip."""
        with connection.default_channel.client.pipeline(transaction=False) as pipe:
            for step in STEPS.values():
                pipe.llen(f"{queue}{Channel.sep}{step}" if step else queue)
            return dict(zip(STEPS, pipe.execute(), strict=True))

    def peek(self, connection: Any, queue: str) -> list[bytes] | None:
        """Read the lists, which are short: QUEUE_BOUND tasks of each priority."""
        with connection.default_channel.client.pipeline(transaction=False) as pipe:
            for step in STEPS.values():
                pipe.lrange(f"{queue}{Channel.sep}{step}" if step else queue, 0, MOST_PEEKED)
            lists = pipe.execute()
        if any(len(found) > MOST_PEEKED for found in lists):
            return None
        return [_body_of(raw) for found in lists for raw in found]

    @contextmanager
    def refill_lock(
        self, connection: Any, engine: Engine, clock: Clock, patience: float
    ) -> Iterator[bool]:
        """Hold a key of Redis, which ends by itself."""
        del engine, clock
        lock = connection.default_channel.client.lock(LOCK, timeout=LOCK_SECONDS, sleep=0.05)
        is_ours = lock.acquire(blocking=patience > 0, blocking_timeout=patience or None)
        try:
            yield is_ours
        finally:
            if is_ours:
                with suppress(LockError):  # it took so long that the lock went to another
                    lock.release()


def _body_of(message: bytes) -> bytes:
    """The body of a message as Kombu writes it; empty where it is none of Kombu's."""
    try:
        return base64.b64decode(json.loads(message)["body"])
    except (ValueError, KeyError, TypeError):
        return b""
