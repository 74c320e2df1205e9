"""RabbitMQ in place of Redis: a real node, and workers that it feeds."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from celery import Celery
from pydantic import SecretStr
from sqlalchemy import Engine, func, select

from core.broker.feeding import QUEUE_BOUND, refill
from core.broker.names import TAGGING_QUEUE, TRAINING_QUEUE
from core.broker.queue import (
    asking,
    enqueue_tagging,
    enqueue_training,
    lengths,
    make_celery,
    queue_length,
)
from core.database.engine import reading
from core.database.tables import TaggingRequest
from core.errors import BrokerRefused
from core.questions.lifecycle import TASK_SIZES, Priority
from core.questions.store import store
from core.service.status import running_workers
from core.settings import Settings
from tests.conftest import ManualClock
from tests.models import LABELS, word_bundle
from tests.processes import environment, run_tagger, service, wait_until
from tests.rabbitmq import PASSWORD, Node, rabbitmq
from tests.rows import predictions, publish_live, question, store_questions

__all__ = ["rabbitmq"]  # a fixture

pytestmark = pytest.mark.slow

QUEUES = ("tagging", "tagging.backfill", "training")
QUESTIONS = 6_000


@pytest.fixture
def settings(rabbitmq: Node) -> Settings:
    return Settings(broker_url=SecretStr(rabbitmq.url), lease_seconds=60)


@pytest.fixture
def app(settings: Settings) -> Iterator[Celery]:
    """An application whose queues are empty, however the last test left them."""
    app = make_celery(settings)
    with app.connection() as connection:
        for name in QUEUES:
            connection.default_channel.queue_delete(name)
    yield app
    app.close()


def test_each_priority_has_a_quorum_queue_and_training_another(app: Celery) -> None:
    enqueue_tagging(app, "stats", [1], Priority.LIVE)
    enqueue_tagging(app, "stats", [2], Priority.BACKFILL)
    enqueue_tagging(app, "stats", [3], Priority.BACKFILL)
    enqueue_training(app, "stats")
    assert lengths(app, TAGGING_QUEUE) == {Priority.LIVE: 1, Priority.BACKFILL: 2}
    assert queue_length(app, TRAINING_QUEUE) == 1
    tagging = app.amqp.queues[TAGGING_QUEUE]
    with app.connection() as connection, closing(connection.SimpleQueue(tagging)) as queue:
        assert queue.get(timeout=5).payload[0] == ["stats", [1]]


def test_a_queue_of_another_kind_is_one_line(app: Celery) -> None:
    with app.connection() as connection:
        connection.default_channel.queue_declare(TAGGING_QUEUE, durable=True, auto_delete=False)
        delete = "x-queue-type.* Delete that queue .rabbitmqctl delete_queue -p / tagging.:"
        with pytest.raises(BrokerRefused, match=delete):
            queue_length(app, TAGGING_QUEUE)
        connection.default_channel.queue_delete(TAGGING_QUEUE)
    assert queue_length(app, TAGGING_QUEUE) == 0


def test_a_login_that_is_refused_is_one_line(rabbitmq: Node) -> None:
    for wrong in (rabbitmq.url.replace(PASSWORD, "hush-me"), f"{rabbitmq.url}nowhere"):
        app = make_celery(Settings(broker_url=SecretStr(wrong)))
        asks = (lambda a: enqueue_training(a, "stats"), lambda a: queue_length(a, TAGGING_QUEUE))
        for ask in asks:
            with pytest.raises(BrokerRefused, match="refuses the login or access") as raised:
                ask(app)
            assert "hush" not in str(raised.value)


def test_a_refill_keeps_the_bound_and_makes_deleted_queues_anew(
    app: Celery,
    settings: Settings,
    sqlite_engine: Engine,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(TASK_SIZES, Priority.BACKFILL, (1, 1, 1))
    publish_live(sqlite_engine, word_bundle(), now=clock.now())
    with sqlite_engine.begin() as connection:
        many = [question(number) for number in range(2 * QUEUE_BOUND)]
        store(connection, many, now=clock.now(), request_tagging=True, priority=Priority.BACKFILL)
    assert refill(sqlite_engine, app, settings, clock) == QUEUE_BOUND
    assert refill(sqlite_engine, app, settings, clock) == 0
    with asking(app) as connection:
        for name in QUEUES:
            connection.default_channel.queue_delete(name)
    clock.sleep(settings.lease_seconds + 1)
    assert refill(sqlite_engine, app, settings, clock) == QUEUE_BOUND
    assert lengths(app, TAGGING_QUEUE)[Priority.BACKFILL] == QUEUE_BOUND


def pending(engine: Engine) -> int:
    with reading(engine) as connection:
        return connection.execute(select(func.count(TaggingRequest.question_pk))).scalar_one()


@pytest.mark.chaos
def test_workers_tag_all_through_the_loss_of_the_node_and_of_its_messages(
    app: Celery, rabbitmq: Node, sqlite_engine: Engine, sqlite_url: str, tmp_path: Path
) -> None:
    version = publish_live(sqlite_engine, word_bundle(), now=datetime.now(UTC))
    many = [question(n, f"About {LABELS[n % len(LABELS)]}") for n in range(QUESTIONS)]
    store_questions(sqlite_engine, *many, now=datetime.now(UTC), request_tagging=False)
    env = environment(
        database_url=sqlite_url, broker_url=rabbitmq.url, data_dir=tmp_path, lease_seconds=5
    )
    told = run_tagger("tag", "--site", "stats", "--all", env=env)
    log, beat = tmp_path / "log", tmp_path / "beat"
    with (
        service("worker", "--concurrency", "2", env=env, log=log),
        service("scheduler", env=env, log=beat),
    ):
        wait_until(lambda: pending(sqlite_engine) < QUESTIONS, seconds=60, what="some are tagged")
        lengths(app, TAGGING_QUEUE)  # on a connection that is cut now
        rabbitmq.kill()
        rabbitmq.start()
        with asking(app) as connection:
            connection.default_channel.queue_purge("tagging.backfill")
        wait_until(lambda: pending(sqlite_engine) == 0, seconds=120, what="all are")
        assert any(name.startswith("tagging-") for name in running_workers(app))
    assert predictions(sqlite_engine) == [(number, version.id) for number in range(QUESTIONS)]
    assert PASSWORD not in log.read_text() + beat.read_text() + told.stdout + told.stderr
