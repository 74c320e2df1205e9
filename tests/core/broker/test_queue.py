from contextlib import closing

import pytest
from kombu.exceptions import OperationalError
from pydantic import SecretStr

from core.broker.names import TAGGING_QUEUE
from core.broker.queue import (
    broker_error,
    enqueue_tagging,
    lengths,
    make_celery,
    queue_length,
)
from core.errors import BrokerRefused, BrokerUnreachable
from core.questions.lifecycle import Priority
from core.settings import Settings
from tests.conftest import free_port


def test_a_task_of_the_live_feed_is_taken_before_those_of_a_backfill(redis_url: str) -> None:
    app = make_celery(Settings(broker_url=SecretStr(redis_url)))
    for pk, priority in enumerate([Priority.BACKFILL, Priority.BACKFILL, Priority.LIVE]):
        enqueue_tagging(app, "stats", [pk], priority)
    assert lengths(app, TAGGING_QUEUE) == {Priority.LIVE: 1, Priority.BACKFILL: 2}
    assert queue_length(app, TAGGING_QUEUE) == 3
    with app.connection() as connection, closing(connection.SimpleQueue(TAGGING_QUEUE)) as queue:
        taken = [queue.get(timeout=5).payload[0] for _ in range(3)]
    assert taken == [["stats", [2]], ["stats", [0]], ["stats", [1]]]


@pytest.mark.slow
@pytest.mark.parametrize("address", ["redis://:hush-hush@{}/0", "amqp://tagger:hush-hush@{}//"])
def test_a_broker_that_is_away_is_one_line(address: str) -> None:
    url = address.format(f"127.0.0.1:{free_port()}")
    app = make_celery(Settings(broker_url=SecretStr(url)))
    for ask in (lambda: enqueue_tagging(app, "stats", [1]), lambda: queue_length(app, "tagging")):
        with pytest.raises(BrokerUnreachable, match="TAGGER_BROKER_URL") as raised:
            ask()
        assert "hush-hush" not in str(raised.value)


def test_a_broker_that_says_nothing_is_told_by_what_went_wrong(redis_url: str) -> None:
    app = make_celery(Settings(broker_url=SecretStr(redis_url)))
    silent = OperationalError("")
    silent.__cause__ = TimeoutError()
    assert "cannot be reached: TimeoutError" in str(broker_error(app, silent))


@pytest.mark.slow  # Kombu tries again, in seconds
def test_a_login_that_redis_refuses_is_told_as_such(redis_url: str) -> None:
    url = redis_url.replace("redis://", "redis://nobody:hush-hush@")
    app = make_celery(Settings(broker_url=SecretStr(url)))
    with pytest.raises(BrokerRefused, match="refuses the login") as raised:
        queue_length(app, TAGGING_QUEUE)
    assert "Start it" not in str(raised.value)
    assert "hush-hush" not in str(raised.value)


def test_what_else_a_broker_refuses_is_told_in_its_own_words(redis_url: str) -> None:
    app = make_celery(Settings(broker_url=SecretStr(redis_url)))
    with app.connection() as connection:
        connection.default_channel.client.set(TAGGING_QUEUE, "a text")
    with pytest.raises(BrokerRefused, match=r"refuses what it was asked: .*WRONGTYPE"):
        queue_length(app, TAGGING_QUEUE)
