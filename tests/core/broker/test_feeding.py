from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
import redis
from celery import Celery
from pydantic import SecretStr
from sqlalchemy import Engine

from core.broker.feeding import QUEUE_BOUND, refill
from core.broker.names import TAGGING_QUEUE
from core.broker.queue import lengths, make_celery
from core.broker.redis_transport import LOCK, LOCK_SECONDS
from core.errors import BrokerUnreachable
from core.questions.lifecycle import TASK_SIZES, Priority
from core.questions.store import store
from core.settings import Settings
from tests.conftest import ManualClock, free_port
from tests.models import word_bundle
from tests.rows import publish_live, question

SIZE, RETRIED = 10, 5  # questions of a task here


@pytest.fixture(autouse=True)
def small_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    for priority in Priority:
        monkeypatch.setitem(TASK_SIZES, priority, (SIZE, RETRIED, 1))


@pytest.fixture
def settings(redis_url: str) -> Settings:
    return Settings(broker_url=SecretStr(redis_url), lease_seconds=60)


@pytest.fixture
def app(settings: Settings) -> Celery:
    return make_celery(settings)


def request_many(
    engine: Engine,
    count: int,
    *,
    now: datetime,
    site: str = "stats",
    priority: Priority = Priority.BACKFILL,
    start: int = 0,
) -> None:
    many = [question(number, site=site) for number in range(start, start + count)]
    with engine.begin() as connection:
        store(connection, many, now=now, request_tagging=True, priority=priority)


def waiting(app: Celery) -> dict[Priority, int]:
    return lengths(app, TAGGING_QUEUE)


def take(app: Celery, count: int) -> list[tuple[str, int]]:
    """Take tasks as a worker would: the site of each, and how many questions it has."""
    taken = []
    with app.connection() as connection:
        queue = connection.SimpleQueue(TAGGING_QUEUE)
        for _ in range(count):
            message = queue.get(timeout=5)
            message.ack()
            site, pks = message.payload[0]
            taken.append((site, len(pks)))
        queue.close()
    return taken


def test_the_queue_is_filled_to_its_bound_and_again_once_it_is_down_to_half(
    engine: Engine, app: Celery, settings: Settings, clock: ManualClock
) -> None:
    publish_live(engine, word_bundle(), now=clock.now())
    request_many(engine, (QUEUE_BOUND * 3 // 2 + 4) * SIZE, now=clock.now())
    assert refill(engine, app, settings, clock) == QUEUE_BOUND * SIZE
    assert waiting(app)[Priority.BACKFILL] == QUEUE_BOUND
    take(app, QUEUE_BOUND // 2)
    assert refill(engine, app, settings, clock) == 0
    take(app, 1)
    assert refill(engine, app, settings, clock) == (QUEUE_BOUND // 2 + 1) * SIZE
    assert waiting(app)[Priority.BACKFILL] == QUEUE_BOUND
    take(app, QUEUE_BOUND)
    assert refill(engine, app, settings, clock) == 3 * SIZE


def test_many_who_refill_at_once_never_exceed_the_bound(
    engine: Engine, app: Celery, settings: Settings, clock: ManualClock
) -> None:
    publish_live(engine, word_bundle(), now=clock.now())
    request_many(engine, 3 * QUEUE_BOUND * RETRIED, now=clock.now())
    with engine.begin() as connection:  # as if each had failed once
        connection.exec_driver_sql("UPDATE tagging_requests SET attempts = 1")
    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(lambda _: refill(engine, app, settings, clock), range(8)))
    assert sorted(counts) == [0] * 7 + [QUEUE_BOUND * RETRIED]
    assert waiting(app)[Priority.BACKFILL] == QUEUE_BOUND


def test_a_question_of_the_live_feed_is_the_next_task_behind_a_full_queue(
    sqlite_engine: Engine, app: Celery, settings: Settings, clock: ManualClock
) -> None:
    publish_live(sqlite_engine, word_bundle(), now=clock.now())
    request_many(sqlite_engine, (QUEUE_BOUND + 1) * SIZE, now=clock.now())
    refill(sqlite_engine, app, settings, clock)
    request_many(
        sqlite_engine, 1, now=clock.now(), priority=Priority.LIVE, start=QUEUE_BOUND * SIZE * 2
    )
    assert refill(sqlite_engine, app, settings, clock) == 1
    assert take(app, 2) == [("stats", 1), ("stats", SIZE)]


def test_a_backfill_waits_while_many_tasks_of_the_live_feed_do(
    sqlite_engine: Engine, app: Celery, settings: Settings, clock: ManualClock
) -> None:
    publish_live(sqlite_engine, word_bundle(), now=clock.now())
    request_many(sqlite_engine, QUEUE_BOUND * SIZE, now=clock.now(), priority=Priority.LIVE)
    refill(sqlite_engine, app, settings, clock)
    request_many(sqlite_engine, SIZE, now=clock.now(), start=QUEUE_BOUND * SIZE)
    assert refill(sqlite_engine, app, settings, clock) == 0
    take(app, QUEUE_BOUND // 2 + 1)
    assert refill(sqlite_engine, app, settings, clock) == SIZE


def test_sites_take_turns_and_what_one_leaves_is_the_others(
    engine: Engine, app: Celery, settings: Settings, clock: ManualClock
) -> None:
    for site in ("stats", "ai"):
        publish_live(engine, word_bundle(site), now=clock.now())
    request_many(engine, QUEUE_BOUND * SIZE, now=clock.now())
    clock.sleep(1)
    request_many(engine, 7, now=clock.now(), site="ai")
    assert refill(engine, app, settings, clock) == (QUEUE_BOUND - 1) * SIZE + 7
    taken = take(app, QUEUE_BOUND)
    assert ("ai", 7) in taken[:2]
    assert taken.count(("stats", SIZE)) == QUEUE_BOUND - 1


def test_sites_that_are_more_than_there_is_room_for_all_have_their_turn(
    sqlite_engine: Engine, app: Celery, settings: Settings, clock: ManualClock
) -> None:
    sites = [f"site{number}" for number in range(QUEUE_BOUND + 8)]
    for site in sites:
        publish_live(sqlite_engine, word_bundle(site), now=clock.now())
        request_many(sqlite_engine, 3, now=clock.now(), site=site)
    refill(sqlite_engine, app, settings, clock)
    taken = take(app, QUEUE_BOUND)
    refill(sqlite_engine, app, settings, clock)
    assert sorted(taken + take(app, 8)) == sorted((site, 3) for site in sites)


def test_another_that_refills_is_waited_for_only_by_who_has_patience(
    sqlite_engine: Engine, app: Celery, settings: Settings, redis_url: str, clock: ManualClock
) -> None:
    publish_live(sqlite_engine, word_bundle(), now=clock.now())
    request_many(sqlite_engine, 1, now=clock.now())
    with redis.Redis.from_url(redis_url) as broker:
        assert broker.lock(LOCK, timeout=LOCK_SECONDS).acquire()
        assert refill(sqlite_engine, app, settings, clock, patience=0) == 0
        broker.pexpire(LOCK, 100)
    assert refill(sqlite_engine, app, settings, clock) == 1


def test_the_lock_of_a_refiller_that_dies_ends_by_itself(
    sqlite_engine: Engine,
    app: Celery,
    settings: Settings,
    redis_url: str,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish_live(sqlite_engine, word_bundle(), now=clock.now())
    request_many(sqlite_engine, 1, now=clock.now())
    left: list[int] = []
    with redis.Redis.from_url(redis_url) as broker:
        sending = "core.broker.feeding.enqueue_tagging"
        monkeypatch.setattr(sending, lambda *_: left.append(int(broker.ttl(LOCK))))
        assert refill(sqlite_engine, app, settings, clock) == 1
        assert broker.exists(LOCK) == 0
    assert 0 < left[0] <= LOCK_SECONDS


@pytest.mark.slow
def test_a_broker_that_is_away_is_one_line_that_says_what_becomes_of_the_questions(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    url = SecretStr(f"redis://:hush-hush@127.0.0.1:{free_port()}/0")
    away = Settings(broker_url=url)
    with pytest.raises(BrokerUnreachable, match="stay pending") as raised:
        refill(sqlite_engine, make_celery(away), away, clock)
    assert "hush-hush" not in str(raised.value)
