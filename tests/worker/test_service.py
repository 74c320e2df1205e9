"""The worker and the scheduler as processes, over a real Redis, on both databases; what loads."""

import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis
from celery import signals
from celery.app.task import Context
from pydantic import SecretStr
from sqlalchemy import Engine, func, select

from core.broker.embedded_redis import answers, embedded_url, server_command, socket_path
from core.broker.queue import SWEEP_TASK, enqueue_tagging, make_celery
from core.clock import SystemClock
from core.database.tables import Prediction, TaggingRequest
from core.questions.lifecycle import MAX_ATTEMPTS
from core.service.signs import last_signs
from core.settings import Settings
from tests.models import LABELS, word_bundle
from tests.processes import environment, kill_group, service, wait_until
from tests.rows import predictions, publish_live, question, store_questions, suggested_tags
from worker.service import warn_of_void_messages

pytestmark = pytest.mark.slow

QUESTIONS = 2000


@pytest.fixture
def env(database_url: str, redis_url: str, tmp_path: Path) -> dict[str, str]:
    return environment(
        database_url=database_url, broker_url=redis_url, data_dir=tmp_path, lease_seconds=5
    )


def store_many(engine: Engine, count: int = QUESTIONS) -> dict[int, str]:
    """Store questions that each name one tag; return the tag by the question's number."""
    expected = {number: LABELS[number % len(LABELS)] for number in range(1, count + 1)}
    questions = [question(number, f"About {tag}") for number, tag in expected.items()]
    store_questions(engine, *questions, now=SystemClock().now())
    return expected


def all_tagged(engine: Engine) -> Callable[[], bool]:
    def check() -> bool:
        with engine.connect() as connection:
            pending = select(func.count(TaggingRequest.question_pk))
            return connection.execute(pending).scalar() == 0

    return check


def assert_each_is_tagged_once(engine: Engine, expected: dict[int, str], version: int) -> None:
    assert predictions(engine) == [(number, version) for number in sorted(expected)]
    assert suggested_tags(engine) == {number: {tag} for number, tag in expected.items()}


def test_two_workers_tag_every_question_once(
    engine: Engine, redis_url: str, env: dict[str, str], tmp_path: Path
) -> None:
    version = publish_live(engine, word_bundle(), now=SystemClock().now())
    expected = store_many(engine)
    app = make_celery(Settings(broker_url=SecretStr(redis_url)))
    logs = [tmp_path / "one", tmp_path / "two"]

    def both_are_ready() -> bool:
        return all("ready." in log.read_text() for log in logs)

    with (
        service("worker", "--concurrency", "1", env=env, log=logs[0]),
        service("worker", "--concurrency", "1", env=env, log=logs[1]),
    ):
        wait_until(both_are_ready, seconds=120, what="both are ready")  # or one tags them all
        for start in range(1, QUESTIONS, 100):
            enqueue_tagging(app, "stats", list(range(start, start + 100)))
            enqueue_tagging(app, "stats", list(range(start, start + 100)))  # twice, on purpose
        wait_until(all_tagged(engine), seconds=120, what="all tagged")
    assert_each_is_tagged_once(engine, expected, version.id)
    assert all("tagged" in log.read_text() for log in logs)


@pytest.mark.chaos
def test_killed_workers_and_an_emptied_redis_lose_no_question(
    engine: Engine, redis_url: str, env: dict[str, str], tmp_path: Path
) -> None:
    version = publish_live(engine, word_bundle(), now=SystemClock().now())
    expected = store_many(engine)
    app = make_celery(Settings(broker_url=SecretStr(redis_url)))
    for start in range(1, QUESTIONS, 100):
        enqueue_tagging(app, "stats", list(range(start, start + 100)))
    moments = random.Random(7)
    with ExitStack() as stack, redis.Redis.from_url(redis_url) as broker:
        stack.enter_context(service("scheduler", env=env, log=tmp_path / "scheduler"))
        for _ in range(MAX_ATTEMPTS - 1):  # what is in hand at as many deaths is parked
            with service(
                "worker", "--concurrency", "2", env=env, log=tmp_path / "doomed"
            ) as doomed:
                wait_until(progress_since(engine), seconds=60, what="some tagged")
                time.sleep(moments.uniform(0, 0.3))
                kill_group(doomed)
            broker.flushall()
        stack.enter_context(service("worker", env=env, log=tmp_path / "last"))
        wait_until(all_tagged(engine), seconds=180, what="all tagged")
    assert_each_is_tagged_once(engine, expected, version.id)


def progress_since(engine: Engine) -> Callable[[], bool]:
    """Whether predictions have been added since this call, or all are there."""

    def count() -> int:
        with engine.connect() as connection:
            return connection.execute(select(func.count(Prediction.question_pk))).scalar_one()

    before, done = count(), all_tagged(engine)
    return lambda: count() > before or done()


def test_a_worker_that_is_told_to_stop_finishes_its_batch_and_ends_well(
    sqlite_engine: Engine, sqlite_url: str, redis_url: str, tmp_path: Path
) -> None:
    env = environment(database_url=sqlite_url, broker_url=redis_url, data_dir=tmp_path)
    log = tmp_path / "worker"
    with service("worker", env=env, log=log) as worker:
        publish_live(sqlite_engine, word_bundle(), now=SystemClock().now())
        store_many(sqlite_engine, 100)
        enqueue_tagging(
            make_celery(Settings(broker_url=SecretStr(redis_url))), "stats", list(range(1, 101))
        )
        wait_until(all_tagged(sqlite_engine), seconds=60, what="all tagged")
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(20) == 0
    assert "Traceback" not in log.read_text()


def test_services_wait_for_a_database_and_a_broker_that_are_away(tmp_path: Path) -> None:
    env = environment(
        database_url="postgresql+psycopg://u:hush-hush@127.0.0.1:1/none",
        broker_url="redis://:hush-hush@127.0.0.1:1/0",
        data_dir=tmp_path,
    )
    log = tmp_path / "worker"
    with service("worker", env=env, log=log) as worker:
        wait_until(lambda: "Waiting for it" in log.read_text(), seconds=30, what="it waits")
        assert worker.poll() is None
    said = log.read_text()
    assert "TAGGER_DATABASE_URL" in said
    assert "hush-hush" not in said
    assert "Traceback" not in said


def test_health_checks_answer_for_worker_and_scheduler(
    sqlite_url: str, redis_url: str, tmp_path: Path
) -> None:
    env = environment(database_url=sqlite_url, broker_url=redis_url, data_dir=tmp_path)

    def answers(name: str) -> bool:
        node = f"{name}@{socket.gethostname()}"
        ping = [sys.executable, "-m", "celery", "-A", "worker.main", "inspect", "ping", "-t", "3"]
        return subprocess.run([*ping, "-d", node], env=env, check=False).returncode == 0

    with (
        service("worker", "--name", "tagging", env=env, log=tmp_path / "worker"),
        service("scheduler", env=env, log=tmp_path / "scheduler"),
    ):
        wait_until(lambda: answers("tagging"), seconds=60, what="the worker answers")
        wait_until(lambda: answers("scheduler"), seconds=60, what="the scheduler answers")
    assert not answers("tagging")


def test_worker_and_scheduler_give_signs_in_the_database(
    engine: Engine, env: dict[str, str], tmp_path: Path
) -> None:
    def given() -> set[str]:
        with engine.connect() as connection:
            return {name.split("@")[0] for name in last_signs(connection)}

    with (
        service("worker", "--name", "tagging", env=env, log=tmp_path / "worker"),
        service("scheduler", env=env, log=tmp_path / "scheduler"),
    ):
        wait_until(lambda: given() == {"tagging", "scheduler"}, seconds=60, what="both give a sign")
    for log in ("worker", "scheduler"):
        assert "Traceback" not in (tmp_path / log).read_text()


class MortalRedis:
    """A Redis of the test's own, on a socket, that it kills and starts again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = embedded_url(folder)
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(server_command(self.folder))
        wait_until(lambda: answers(self.folder), seconds=30, what="Redis answers")

    def kill(self, *, with_all_it_holds: bool = False) -> None:
        self.process.kill()
        self.process.wait()
        if with_all_it_holds:
            shutil.rmtree(self.folder / "redis")

    def ask(self, *words: str) -> None:
        with redis.Redis(unix_socket_path=str(socket_path(self.folder))) as client:
            client.execute_command(*words)


@pytest.fixture
def mortal_redis(tmp_path: Path) -> Iterator[MortalRedis]:
    mortal = MortalRedis(tmp_path)
    yield mortal
    mortal.kill()


@pytest.mark.chaos
@pytest.mark.slow(40)
def test_a_busy_worker_outlives_a_redis_that_dies_forgets_and_takes_no_writes(
    sqlite_engine: Engine, sqlite_url: str, mortal_redis: MortalRedis, tmp_path: Path
) -> None:
    env = environment(
        database_url=sqlite_url,
        broker_url=mortal_redis.url,
        data_dir=tmp_path,
        worker_processes=2,
    )
    version = publish_live(sqlite_engine, word_bundle(), now=SystemClock().now())
    expected = store_many(sqlite_engine, 20_000)  # for some seconds
    log = tmp_path / "worker"

    def is_back() -> bool:  # an outage is told once, and read-only is to be one of its own
        said = log.read_text()
        return 0 < said.count("cannot be reached") == said.count("is back after")

    with (
        service("scheduler", env=env, log=tmp_path / "scheduler") as scheduler,
        service("worker", env=env, log=log) as worker,
    ):
        for forgets in (False, True):
            wait_until(progress_since(sqlite_engine), seconds=60, what="some tagged")
            mortal_redis.kill(with_all_it_holds=forgets)
            mortal_redis.start()
        wait_until(is_back, seconds=60, what="back")
        mortal_redis.ask("REPLICAOF", "127.0.0.1", "1")
        wait_until(lambda: "refuses what it was asked" in log.read_text(), seconds=60, what="told")
        mortal_redis.ask("REPLICAOF", "NO", "ONE")
        wait_until(all_tagged(sqlite_engine), seconds=120, what="all tagged")
        assert worker.poll() is None
        assert scheduler.poll() is None
    assert_each_is_tagged_once(sqlite_engine, expected, version.id)
    for said in (log.read_text(), (tmp_path / "scheduler").read_text()):
        assert "Traceback" not in said


@pytest.mark.chaos
@pytest.mark.slow(30)
def test_what_a_killed_worker_had_in_hand_is_soon_in_anothers_by_the_default_lease(
    sqlite_engine: Engine, sqlite_url: str, redis_url: str, tmp_path: Path
) -> None:
    env = environment(database_url=sqlite_url, broker_url=redis_url, data_dir=tmp_path)
    assert Settings().lease_seconds > 60
    version = publish_live(sqlite_engine, word_bundle(), now=SystemClock().now())
    expected = store_many(sqlite_engine)
    with service("scheduler", env=env, log=tmp_path / "scheduler"):
        with service("worker", env=env, log=tmp_path / "doomed") as doomed:
            wait_until(progress_since(sqlite_engine), seconds=60, what="some tagged")
            kill_group(doomed)
        with service("worker", env=env, log=tmp_path / "other"):
            wait_until(all_tagged(sqlite_engine), seconds=60, what="all tagged")
    assert_each_is_tagged_once(sqlite_engine, expected, version.id)


@pytest.mark.parametrize("as_it_came", [datetime.isoformat, lambda expires: expires])
def test_a_message_that_was_void_when_it_came_is_told_of_once_with_the_clocks(
    caplog: pytest.LogCaptureFixture, as_it_came: Callable[[datetime], object]
) -> None:
    expires = as_it_came(datetime.now(UTC) - timedelta(seconds=40))
    ahead = Context({"task": SWEEP_TASK, "expires": expires})  # as Celery's worker sends it
    before = list(signals.task_revoked.receivers or [])
    try:
        warn_of_void_messages()
        for _ in range(3):
            signals.task_revoked.send(sender=None, request=ahead, expired=True)
            signals.task_revoked.send(sender=None, request=ahead, expired=False)
    finally:
        signals.task_revoked.receivers = before
    (line,) = caplog.messages
    assert "(tagger.sweep) was void when it came, for 40 s by this host's clock" in line


def test_a_tagging_worker_loads_nothing_that_others_need() -> None:
    script = """
import sys, tagger
tagger.make_app(["worker"])
assert not {"celery", "numpy"} & set(sys.modules), "loaded before the model is fetched beside"
import ai_edge_litert.interpreter, worker.service
others = {"alembic", "bs4", "celery.beat", "core.database.backup", "fastapi", "httpx", "jinja2",
          "keras", "matplotlib", "psycopg", "pyarrow", "requests", "rich.progress", "rich.table",
          "sklearn", "tensorflow", "uvicorn", "worker.schedule"}
assert not others & set(sys.modules), others & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", script], check=True)
