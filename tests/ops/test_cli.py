"""The commands of the whole service."""

import socket

import pytest
import typer
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

import tagger
from ops.cli import SERVICES
from tests.conftest import ManualClock, free_port
from tests.models import word_bundle
from tests.rows import publish_live, question, store_questions


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
    assert found.exit_code == 0, found.output
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
