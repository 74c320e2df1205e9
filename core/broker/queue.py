"""The queue: Celery over Redis. A message is a hint that names rows; it carries no text."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from celery import Celery
from kombu.exceptions import OperationalError
from kombu.transport.redis import Channel
from redis import Redis
from redis.exceptions import RedisError

from core.broker.embedded_redis import embedded_url
from core.errors import BrokerUnreachable
from core.questions.lifecycle import Priority
from core.settings import Settings

TAGGING_QUEUE = "tagging"
TRAINING_QUEUE = "training"

TAG_TASK = "tagger.tag"  # (site, [key of a row of `questions`, …])
SWEEP_TASK = "tagger.sweep"  # ()
SCORE_TASK = "tagger.score"  # ()
TRAIN_TASK = "tagger.train"  # (site, how many questions must be new)

# Kombu's, as it writes them into Redis: a list each, read in this order. What fires by itself has
# none, and comes with the live feed's.
STEPS = {Priority.LIVE: 0, Priority.BACKFILL: 9}

REDELIVERY_SECONDS = 600  # of a message whose worker vanished; longer than any tagging task


def broker_address(settings: Settings) -> str:
    """The broker's address, as Celery takes it."""
    if settings.broker_url is not None:
        return settings.broker_url.get_secret_value()
    return embedded_url(settings.data_dir)


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
        broker_transport_options={
            "visibility_timeout": redelivery_seconds,
            "socket_timeout": 30,
            "socket_connect_timeout": 5,
        },
        # One try and a short answer for those who enqueue: the sweep makes good what fails.
        task_publish_retry=False,
        enable_utc=True,
        timezone="UTC",
    )
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
    _send(app, TAG_TASK, [site, list(pks)], TAGGING_QUEUE, STEPS[priority])


def enqueue_training(app: Celery, site: str, *, new_questions: int = 1) -> None:
    """Ask for a site's model to be trained, where so many questions are new since the last run.

    Raises:
        BrokerUnreachable: nothing was asked.
    """
    _send(app, TRAIN_TASK, [site, new_questions], TRAINING_QUEUE)


def _send(app: Celery, name: str, args: list[Any], queue: str, priority: int = 0) -> None:
    try:
        app.send_task(name, args=args, queue=queue, priority=priority)
    except (OperationalError, OSError) as error:
        raise BrokerUnreachable(explain_unreachable(app, error)) from error


@contextmanager
def redis_of(app: Celery) -> Iterator[Redis]:
    """A client of the broker's Redis, on a connection that the application keeps.

    Raises:
        BrokerUnreachable: Redis gives no answer, also to what is asked inside the block.
    """
    try:
        with app.connection_or_acquire() as connection:
            connection.ensure_connection(max_retries=1, timeout=5)
            yield connection.default_channel.client
    except (OperationalError, OSError, RedisError) as error:
        raise BrokerUnreachable(explain_unreachable(app, error)) from error


def lengths(client: Redis, queue: str) -> dict[Priority, int]:
    """How many messages of each priority wait in a queue."""
    with client.pipeline(transaction=False) as pipe:
        for step in STEPS.values():
            pipe.llen(f"{queue}{Channel.sep}{step}" if step else queue)
        return dict(zip(STEPS, pipe.execute(), strict=True))


def queue_length(app: Celery, queue: str) -> int:
    """How many messages wait in a queue.

    Raises:
        BrokerUnreachable: Redis gives no answer.
    """
    with redis_of(app) as client:
        return sum(lengths(client, queue).values())


def explain_unreachable(app: Celery, error: Exception) -> str:
    """One line: which broker, what it says, what to do. Shows no password."""
    address = app.connection_for_write().as_uri()
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return (
        f"The broker {address} cannot be reached: {reason} "
        "Start it, or set TAGGER_BROKER_URL to one that runs."
    )
