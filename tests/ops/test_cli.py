"""The commands of the whole service."""

import json
import socket
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pytest
import typer
from sqlalchemy import Engine, insert
from typer.testing import CliRunner, Result

import tagger
from core.database.api_tables import FeedRow
from ops.cli import SERVICES
from ops.supervisor import Supervisor
from tests.conftest import ManualClock, free_port
from tests.models import word_bundle
from tests.rows import give_signs, publish_live, question, store_questions


def run(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(tagger.make_app(), arguments)


@pytest.fixture
def without_broker(monkeypatch: pytest.MonkeyPatch, sqlite_url: str) -> None:
    """Settings of a database that is there and of a broker that is away."""
    monkeypatch.setenv("TAGGER_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("TAGGER_BROKER_URL", f"redis://:hush-hush@127.0.0.1:{free_port()}/0")
    monkeypatch.setenv("TAGGER_SITES", "stats")


def test_every_service_is_a_command() -> None:
    commands = typer.main.get_command(tagger.make_app()).commands  # type: ignore[attr-defined]
    assert {command[3] for command in SERVICES.values()} <= set(commands)


@pytest.mark.slow
@pytest.mark.usefixtures("without_broker")
def test_the_status_tells_what_is_stored_also_while_the_broker_is_away(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    publish_live(sqlite_engine, word_bundle(), now=clock.now())
    store_questions(sqlite_engine, *map(question, range(1, 8)), now=clock.now())
    found = run("status")
    assert found.exit_code == 2, found.output
    assert "Health: down" in found.stdout
    assert "- no worker tags" in found.stdout
    assert "stats" in found.stdout
    assert "tagger.sqlite3" in found.stdout
    assert "(tagger up brings its own.)" in found.stdout
    assert "hush-hush" not in found.stdout


@pytest.mark.usefixtures("without_broker")
def test_a_port_that_is_taken_ends_the_start_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("TAGGER_REVIEW_PORT", str(taken.getsockname()[1]))
        found = run("up")
    assert found.exit_code == 1
    assert "Set TAGGER_REVIEW_PORT to a port that is free" in found.output


@pytest.fixture
def with_parts(
    monkeypatch: pytest.MonkeyPatch, sqlite_url: str, sqlite_engine: Engine, redis_url: str
) -> Engine:
    """A broker that is there, and a worker and a scheduler that have just given a sign."""
    monkeypatch.setenv("TAGGER_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("TAGGER_BROKER_URL", redis_url)
    monkeypatch.setattr("ops.service_state.running_workers", lambda _: [])  # which waits a second
    give_signs(sqlite_engine, {"tagging@a": 1, "scheduler@a": 1}, now=datetime.now(UTC))
    return sqlite_engine


def failing_feed(engine: Engine) -> None:
    now = datetime.now(UTC)
    failed = {"failures": 5, "last_error": "no connection", "last_error_at": now}
    with engine.begin() as connection:
        connection.execute(insert(FeedRow).values(site="stats", feed="live", **failed))


@pytest.mark.parametrize(
    ("is_failing", "health", "status"), [(False, "ok", 0), (True, "degraded", 1)]
)
def test_the_status_ends_with_how_well_the_service_is(
    with_parts: Engine, is_failing: bool, health: str, status: int
) -> None:
    if is_failing:
        failing_feed(with_parts)
    for found in (run("status"), run("status", "--json")):
        assert found.exit_code == status, found.output
    told = json.loads(found.stdout)
    assert told["health"] == health
    assert [part["state"] for part in told["parts"]] == ["running", "running"]
    assert [trouble["what"].split(":")[0] for trouble in told["troubles"]] == (
        ["stats, feed live"] if is_failing else []
    )
    assert "T" in told["at"]
    assert datetime.fromisoformat(told["at"]).tzinfo is not None


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_the_status_without_a_database_is_that_all_is_down(
    monkeypatch: pytest.MonkeyPatch, form: tuple[str, ...]
) -> None:
    monkeypatch.setenv("TAGGER_DATABASE_URL", f"postgresql://u:hush@127.0.0.1:{free_port()}/none")
    found = run("status", *form)
    assert found.exit_code == 2
    if form:
        told = json.loads(found.stdout)
        assert (told["health"], len(told["troubles"])) == ("down", 1)
    assert "hush" not in found.output


@pytest.mark.usefixtures("without_broker")
def test_up_goes_without_a_trainer_where_its_packages_are_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[str] = []

    class Nobody(Supervisor):
        def __init__(self, services: Mapping[str, Sequence[str]]) -> None:
            started.extend(services)
            super().__init__({})

        def run(self) -> None:
            """Nothing."""

    monkeypatch.setenv("TAGGER_REVIEW_PORT", str(free_port()))
    monkeypatch.setattr("ops.cli.Supervisor", Nobody)
    monkeypatch.setattr("ops.cli.can_train", lambda: False)
    found = run("up")
    assert found.exit_code == 0, found.output
    assert "Without the trainer" in found.stdout
    assert 'pip install ".[trainer]"' in found.stdout
    assert started == ["worker", "scheduler", "poller", "review"]
