"""The queue: Celery over Redis or RabbitMQ. A message is a hint that names rows, without text."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, Final

from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    NoPermissionError,
    RedisError,
)

from core.broker.embedded_redis import embedded_url
from core.broker.names import TAGGING_QUEUE, TRAINING_QUEUE
from core.broker.rabbitmq_transport import RabbitMqTransport
from core.broker.redis_tls import hint_of
from core.broker.redis_transport import RedisTransport
from core.broker.transport import Transport
from core.errors import BrokerRefused, BrokerUnreachable
from core.questions.lifecycle import Priority
from core.settings import Settings

TAG_TASK = "tagger.tag"  # (site, [key of a row of `questions`, …])
SWEEP_TASK = "tagger.sweep"  # ()
TRAIN_TASK = "tagger.train"  # (site, how many questions must be new)

# AMQP's reply codes, and Redis' errors.
_BARRED: Final = (403, 530)  # no such user, password or permission; no such virtual host
_OTHER_ARGUMENTS: Final = 406
_LOGIN_REFUSED: Final = (AuthenticationError, AuthorizationError, NoPermissionError)

_QUEUE: Final = re.compile(r"for queue '(?P<name>[^']+)' in vhost '(?P<host>[^']+)'")

REDELIVERY_SECONDS = 600  # of a message whose worker vanished; longer than any tagging task


def can_train() -> bool:
    """Whether the packages are here without which a task of the training queue only fails."""
    return find_spec("tensorflow") is not None


def broker_address(settings: Settings) -> str:
    """The broker's address, as Celery takes it."""
    if settings.broker_url is not None:
        return settings.broker_url.get_secret_value()
    return embedded_url(settings.data_dir)


def transport_of(app: Celery) -> Transport:
    """What the application's broker does in its own way."""
    if app.conf.broker_url.startswith("amqp"):
        return RabbitMqTransport(TAGGING_QUEUE, TRAINING_QUEUE)
    return RedisTransport()


def make_celery(settings: Settings, *, redelivery_seconds: int = REDELIVERY_SECONDS) -> Celery:
    """Return the Celery application; it connects to nothing yet.

    Results are nowhere kept but in the database, so there is no result backend. A task that is
    lost with its process is not sent again by Celery (a question that kills its worker would
    circle for ever): the sweep finds it, and counts.
    """
    app = Celery("tagger", broker=broker_address(settings), set_as_current=False)
    app.conf.update(
        accept_content=["json"],
        task_serializer="json",
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=False,
        task_default_queue=TAGGING_QUEUE,
        task_routes={TRAIN_TASK: {"queue": TRAINING_QUEUE}},
        task_create_missing_queues=True,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        worker_enable_remote_control=True,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        enable_utc=True,
        timezone="UTC",
    )
    transport_of(app).configure(app, redelivery_seconds=redelivery_seconds)
    return app


def enqueue_tagging(
    app: Celery, site: str, pks: Sequence[int], priority: Priority = Priority.LIVE
) -> None:
    """Enqueue one task: some of a site's questions, by their rows' keys.

        enqueue_tagging(make_celery(settings), "stats", stored.requested)

    Workers take a task of the live feed before any backfill's.

    Raises:
        BrokerUnreachable: nothing was enqueued.
    """
    _send(app, TAG_TASK, [site, list(pks)], TAGGING_QUEUE, priority)


def enqueue_training(app: Celery, site: str, *, new_questions: int = 1) -> None:
    """Ask for a site's model to be trained, where so many questions are new since the last run.

    Raises:
        BrokerUnreachable: nothing was asked.
    """
    _send(app, TRAIN_TASK, [site, new_questions], TRAINING_QUEUE)


def _send(
    app: Celery, name: str, args: list[Any], queue: str, priority: Priority = Priority.LIVE
) -> None:
    with _in_one_line(app, app.connection_for_write()):
        app.send_task(name, args=args, **transport_of(app).how_to_send(queue, priority))


@contextmanager
def asking(app: Celery) -> Iterator[Any]:
    """A connection of Kombu's to the broker, which the application keeps.

    Raises:
        BrokerUnreachable: the broker gives no answer, also to what is asked inside the block.
    """
    with app.connection_or_acquire() as connection, _in_one_line(app, connection):
        connection.ensure_connection(max_retries=1, timeout=5)
        transport_of(app).renew(connection)
        yield connection


@contextmanager
def _in_one_line(app: Celery, connection: Any) -> Iterator[None]:
    try:
        yield
    except (
        OperationalError,
        OSError,
        RedisError,
        *connection.connection_errors,
        *connection.recoverable_connection_errors,
        *connection.channel_errors,
    ) as error:
        raise broker_error(app, error) from error


def broker_error(app: Celery, error: BaseException) -> BrokerUnreachable:
    """A library's error as one that says which broker it is, and what to do; no password."""
    told = _told(error)
    return _refused(app, told) if _is_refusal(app, told) else _unreachable(app, error)


def _told(error: BaseException) -> BaseException:
    return (isinstance(error, OperationalError) and error.__cause__) or error


def _is_refusal(app: Celery, told: BaseException) -> bool:
    refusals = app.connection_for_write().channel_errors
    return isinstance(told, refusals) or _is_barred(told)


def _is_barred(told: BaseException) -> bool:
    """Whether the broker lets this user not in, or not at what was asked for."""
    return isinstance(told, _LOGIN_REFUSED) or getattr(told, "reply_code", None) in _BARRED


def lengths(app: Celery, queue: str) -> dict[Priority, int]:
    """How many messages of each priority wait in a queue.

    Raises:
        BrokerUnreachable: the broker gives no answer.
    """
    with asking(app) as connection:
        return transport_of(app).lengths(connection, queue)


def waiting_questions(app: Celery) -> set[int] | None:
    """Keys of the questions whose tasks wait in the broker; None where it does not show them.

    Raises:
        BrokerUnreachable: the broker gives no answer.
    """
    with asking(app) as connection:
        bodies = transport_of(app).peek(connection, TAGGING_QUEUE)
    return None if bodies is None else {pk for body in bodies for pk in _keys_in(body)}


def _keys_in(body: bytes) -> list[int]:
    """The keys that a message's body names; none where it is no task of ours."""
    try:
        (_, pks), _, _ = json.loads(body)
    except (ValueError, TypeError):
        return []
    return [pk for pk in pks if isinstance(pk, int)] if isinstance(pks, list) else []


def queue_length(app: Celery, queue: str) -> int:
    """How many messages wait in a queue.

    Raises:
        BrokerUnreachable: the broker gives no answer.
    """
    return sum(lengths(app, queue).values())


def _unreachable(app: Celery, error: BaseException) -> BrokerUnreachable:
    address = app.connection_for_write().as_uri()
    cause = error.__cause__ or error  # Kombu's own has no words where a time limit has none
    said = str(error).strip() or str(cause).strip() or type(cause).__name__
    reason = said.splitlines()[0].rstrip(".")
    return BrokerUnreachable(
        f"The broker {address} cannot be reached: {reason}.",
        hint_of(reason) or "Start it, or set TAGGER_BROKER_URL to one that runs.",
    )


def _refused(app: Celery, told: BaseException) -> BrokerRefused:
    address = app.connection_for_write().as_uri()
    reason = (str(told).strip() or type(told).__name__).splitlines()[0].rstrip(".")
    if _is_barred(told):
        return BrokerRefused(
            f"The broker {address} refuses the login or access: {reason}.",
            "Check the user, the password and what follows the host in TAGGER_BROKER_URL, and what "
            "the user may do.",
        )
    queue = _QUEUE.search(reason)
    if getattr(told, "reply_code", None) != _OTHER_ARGUMENTS or queue is None:
        return BrokerRefused(
            f"The broker {address} refuses what it was asked: {reason}.", "See its log."
        )
    return BrokerRefused(
        f"The broker {address} holds the queue {queue['name']} with other arguments: {reason}.",
        f"Delete that queue (rabbitmqctl delete_queue -p {queue['host']} {queue['name']}): it is "
        "made anew, and what is pending is enqueued again.",
    )
