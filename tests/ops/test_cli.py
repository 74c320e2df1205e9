"""The commands of the whole service."""

import socket

import pytest
import typer
from sqlalchemy import Engine, inspect
from typer.testing import CliRunner, Result

import tagger
from core.database.engine import make_engine
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
def test_upgrading_makes_the_tables_of_an_empty_database(sqlite_url: str) -> None:
    for _ in range(2):  # the second time there is nothing to do
        found = run("db", "upgrade")
        assert found.exit_code == 0
        assert found.stdout.endswith("are up to date.\n")
    engine = make_engine(sqlite_url)
    assert "questions" in inspect(engine).get_table_names()
    engine.dispose()


@pytest.mark.slow
@pytest.mark.usefixtures("without_broker")
def test_upgrading_gives_sites_the_apis_names(sqlite_engine: Engine, clock: ManualClock) -> None:
    old = (question(1), question(1, site="Stats"), question(2, site="Stats"))
    store_questions(sqlite_engine, *old, now=clock.now(), request_tagging=False)
    assert "Stats is stats, under a name of before: tagger db upgrade" in run("status").stdout
    told = "Stats is called stats now: 2 questions, 1 of which were there under both names."
    assert told in run("db", "upgrade").stdout
    assert "Stats" not in run("db", "upgrade").stdout.replace("tagger.sqlite3", "")


def test_a_service_of_a_newer_database_is_refused_in_one_line(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch, sqlite_url: str
) -> None:
    monkeypatch.setenv("TAGGER_DATABASE_URL", sqlite_url)
    with sqlite_engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    found = run("up")
    assert found.exit_code == 1
    assert found.stderr.startswith("tagger: ")
    assert len(found.stderr.splitlines()) == 1


@pytest.mark.usefixtures("without_broker")
def test_a_port_that_is_taken_ends_the_start_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("TAGGER_REVIEW_PORT", str(taken.getsockname()[1]))
        found = run("up")
    assert found.exit_code == 1
    assert "Set TAGGER_REVIEW_PORT to a port that is free" in found.output
