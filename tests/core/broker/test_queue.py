import json

import pytest
import redis
from pydantic import SecretStr

from core.broker.queue import TAGGING_QUEUE, enqueue_pending, enqueue_tagging, make_celery
from core.errors import BrokerUnreachable
from core.questions.lifecycle import PendingQuestion
from core.settings import Settings
from tests.conftest import free_port


def waiting(url: str) -> list[int]:
    """How many questions each message names, in the order of sending."""
    with redis.Redis.from_url(url) as client:
        messages = [json.loads(raw) for raw in client.lrange(TAGGING_QUEUE, 0, -1)]
    return [int(message["headers"]["argsrepr"].count(",")) for message in reversed(messages)]


def test_what_was_just_requested_is_enqueued_a_hundred_a_task(redis_url: str) -> None:
    app = make_celery(Settings(broker_url=SecretStr(redis_url)))
    enqueue_tagging(app, "stats", [])
    assert waiting(redis_url) == []
    enqueue_tagging(app, "stats", range(250))
    assert waiting(redis_url) == [100, 100, 50]


def test_what_has_failed_before_is_enqueued_in_smaller_tasks(redis_url: str) -> None:
    app = make_celery(Settings(broker_url=SecretStr(redis_url)))
    enqueue_pending(app, [PendingQuestion(pk, "stats", attempts=1) for pk in range(15)])
    assert waiting(redis_url) == [10, 5]


@pytest.mark.slow
def test_a_broker_that_is_away_is_one_line_that_says_what_becomes_of_the_questions() -> None:
    url = f"redis://:hush-hush@127.0.0.1:{free_port()}/0"
    app = make_celery(Settings(broker_url=SecretStr(url)))
    with pytest.raises(BrokerUnreachable, match="stay pending") as raised:
        enqueue_tagging(app, "stats", [1])
    assert "hush-hush" not in str(raised.value)
