"""Celery's consumer, which here waits for a broker that is away or refuses, and says so once."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, ClassVar, Final

from celery.worker.consumer import Consumer
from celery.worker.state import maybe_shutdown

from core.broker.names import TAGGING_QUEUE
from core.broker.queue import SWEEP_TASK, broker_error
from core.errors import BrokerUnreachable
from core.parts.heartbeat import Heartbeat, Watchdog
from core.parts.retry import Outage
from core.parts.signs import Signs
from worker.messages import CheckingConsumer

log = logging.getLogger(__name__)

FIRST_PAUSE: Final = 1.0  # seconds between two tries; one more with each, up to the longest
LONGEST_PAUSE: Final = 5.0
# After which a connection counts as one that works: to a Redis that takes no writes, one can be
# made, and its first command fails.
SETTLED_SECONDS: Final = 3.0
SWEEP_EXPIRES: Final = 60.0


class PatientConsumer(CheckingConsumer):
    """Celery's, which tries again for ever, and has what was left behind swept when it is back.

    It goes without the 28 queues of RabbitMQ for tasks with a delay, which none here has.
    """

    class Blueprint(Consumer.Blueprint):  # type: ignore[misc] # noqa: D106
        default_steps: ClassVar = [
            step for step in Consumer.Blueprint.default_steps if "delayed_delivery" not in step
        ]

    wait: Callable[[], object] = staticmethod(lambda: None)  # is called all along an outage

    def __init__(self, *args: Any, **options: Any) -> None:
        self._outage = Outage(log, "the broker")
        self._settling: Any = None
        super().__init__(*args, **options)

    def ensure_connected(self, conn: Any) -> Any:
        """Try every few seconds; Celery's own pauses grow to half a minute."""
        conn.ensure_connection(
            lambda error, _interval: self._note(error),
            interval_start=FIRST_PAUSE,
            interval_step=FIRST_PAUSE,
            interval_max=LONGEST_PAUSE,
            callback=self._go_on_waiting,
        )
        self.first_connection_attempt = False
        return conn

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Callable[[Any], Any]:
        """Return what is called with each message that comes."""
        handle = super().create_task_handler(*args, **kwargs)

        def handle_settled(message: Any) -> Any:
            message.ack_log_error = partial(self._settle_message, message, message.ack)
            message.reject_log_error = partial(self._settle_message, message, message.reject)
            return handle(message)

        return handle_settled

    def _settle_message(
        self,
        message: Any,
        settle: Callable[..., Any],
        _log: logging.Logger,
        _errors: object,
        **options: Any,
    ) -> None:
        """Acknowledge a message; where the broker fails to take that, make the connection anew.

        Celery logs it and goes on. But the channel then counts the message as one in hand for good,
        and with as many of them as it may have it takes no other: a deaf worker.
        """
        try:
            settle(**options)
        except AttributeError:  # Kombu's channel of a connection that is gone has none
            log.debug("a message of an earlier connection is left to the sweep")
        except (*self.connection_errors, *self.channel_errors):
            if self.task_consumer is not None and message.channel is self.task_consumer.channel:
                raise

    def on_ready(self) -> None:
        """Have what was left behind swept as soon as the connection turns out to work."""
        super().on_ready()
        self._settling = self.timer.call_after(SETTLED_SECONDS, self._settle)

    def on_connection_error_before_connected(self, exc: Exception) -> None:
        """Tell once."""
        self._note(exc)
        time.sleep(FIRST_PAUSE)

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Tell once, and pause: where it was made in vain, it would be made anew at once."""
        if self._settling is not None:
            self._settling.cancel()
        self._note(exc)
        # Kombu's channel of Redis fails so while it is closed with messages in hand, and a busy
        # worker would end: the connection that it wants to put them back through is gone already.
        # The sweep finds them.
        with suppress(AttributeError):
            super().on_connection_error_after_connected(exc)
        time.sleep(FIRST_PAUSE)

    def _go_on_waiting(self) -> None:
        self.wait()
        maybe_shutdown()

    def _note(self, error: Exception) -> None:
        self._outage.note(f"{broker_error(self.app, error)} Waiting for it.")

    def _settle(self) -> None:
        self._outage.end()
        if TAGGING_QUEUE in self.app.amqp.queues.consume_from:
            with suppress(BrokerUnreachable, *self.connection_errors, *self.channel_errors):
                self.app.send_task(SWEEP_TASK, queue=TAGGING_QUEUE, expires=SWEEP_EXPIRES)


def patient_consumer(heartbeat: Heartbeat, watchdog: Watchdog, signs: Signs) -> type[Any]:
    """Return the consumer's class: to wait for the broker has a reason, and is written down."""
    # What Celery's own warns of is told by this one, once.
    logging.getLogger("celery.worker.consumer.consumer").setLevel(logging.ERROR)

    def wait() -> None:
        heartbeat.beat()
        watchdog.feed()
        signs.give(waits_for="the broker")

    return type("SigningConsumer", (PatientConsumer,), {"wait": staticmethod(wait)})
