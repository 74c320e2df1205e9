"""What a newcomer types in the first hour: the README's lines, the wrong folder, misspellings."""

import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert
from typer.testing import CliRunner, Result

import tagger
import trainer.report.cli
from core import __version__
from core.addresses import sqlite_address
from core.clock import SystemClock
from core.database.engine import make_engine
from core.database.tables import TrainingRun
from core.service.health import EXIT_STATUS
from tests.commands import Command, all_commands, commands_of_document
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import insert_prediction, publish_live, question, store_questions
from trainer.report.store import store_report

ROOT = Path(__file__).resolve().parent.parent

DOWN = EXIT_STATUS["down"]  # of tagger status where nothing runs

# Services, and what asks for a file, for an hour or for a network.
NOT_RUN = {"demo", "up", "worker", "import", "train", "backfill"}
README = [c for c in commands_of_document(ROOT / "README.md") if c[0] not in NOT_RUN]


def run(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(tagger.make_app(), arguments)


@pytest.fixture
def of_the_demo(
    migrated_sqlite: Path, tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> Engine:
    """A folder in which a demo has run, and the variables that the README sets."""
    monkeypatch.setenv("TAGGER_DATA_DIR", "data/demo")
    monkeypatch.setenv("TAGGER_SITES", "demo")
    monkeypatch.setattr(trainer.report.cli, "_has_browser", lambda: False)
    file = tmp_path / "data/demo/tagger.sqlite3"
    file.parent.mkdir(parents=True)
    file.write_bytes(migrated_sqlite.read_bytes())
    engine = make_engine(sqlite_address(file))
    publish_live(engine, word_bundle("demo"), now=clock.now())
    newer = word_bundle("demo", data_fingerprint="2")
    version = publish_live(engine, newer, now=clock.now())
    store_questions(engine, *(question(n, site="demo") for n in (1, 2)), now=clock.now())
    with engine.begin() as connection:
        tags, now = {"regression": 0.8, "anova": 0.6}, SystemClock().now()
        insert_prediction(connection, 1, version.id, tags, suggested=tags, now=now)
        insert_prediction(connection, 2, version.id, tags, now=now)
        row = insert(TrainingRun).values(site="demo", started_at=clock.now(), outcome="promoted")
        number = connection.execute(row.returning(TrainingRun.id)).scalar_one()
        store_report(connection, number, "<p>So</p>")
    return engine


@pytest.mark.slow(5)
@pytest.mark.usefixtures("of_the_demo")
def test_the_readmes_lines_succeed_one_after_the_other_on_the_demos_database() -> None:
    assert ["results", "--tag", "regression"] in README
    for arguments in README:
        done = run(*arguments)
        # No service runs beside this test, which is what the status is to say.
        expected = DOWN if arguments == ["status"] else 0
        assert done.exit_code == expected, f"tagger {' '.join(arguments)}: {done.output}"
        assert "No results" not in done.output


# Services, and what brings questions, models or a whole database in.
MAKES = {"demo", "demo-site", "up", "worker", "scheduler", "poll", "history", "import", "review"}
MAKES |= {"db upgrade", "db restore", "models import"}
WITHOUT = {"stand-in", "db check", "backfill"}  # which read files that are not there
ASKS = {"doctor"}  # the API, which no test does; where there is no database, it says so in a table
READING = [one for one in all_commands() if str(one) not in MAKES | ASKS]


@pytest.mark.parametrize("command", READING, ids=str)
def test_in_the_wrong_folder_a_command_makes_nothing_and_says_where_it_looked(
    command: Command, tmp_path: Path
) -> None:
    refused = run(*command.example)
    assert refused.exit_code != 0, refused.output
    assert list(tmp_path.iterdir()) == []
    if str(command) not in WITHOUT:
        assert refused.exit_code == (DOWN if str(command) == "status" else 1)
        assert f"no database at {tmp_path / 'data' / 'tagger.sqlite3'}" in refused.output
        assert refused.stderr.count("\n") <= 1


@pytest.mark.usefixtures("of_the_demo")
def test_beside_the_demos_database_its_folder_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("TAGGER_DATA_DIR")
    refused = run("results")
    assert refused.exit_code == 1
    assert f"There is one in {tmp_path / 'data' / 'demo'}: set TAGGER_DATA_DIR" in refused.stderr
    assert "tagger demo, tagger up or tagger import make one" in refused.stderr


# Of these a site may be new, or the API knows it.
NEW_SITES = {"import", "models import", "backfill", "history"}
SITES = [c for c in all_commands() if "--site" in c.options and str(c) not in NEW_SITES]


@pytest.mark.usefixtures("of_the_demo")
@pytest.mark.parametrize("command", SITES, ids=str)
def test_a_misspelt_site_is_refused_with_the_near_one(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", None)  # it is not needed to see that
    monkeypatch.setitem(sys.modules, "keras", None)
    given = [word for word in command.example if word != "stats"]
    refused = run(*(word for word in given if word != "--site"), "--site", "demoo")
    assert refused.exit_code == 1, refused.output
    assert "site 'demoo'" in refused.stderr
    assert "(near matches: demo)" in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert refused.stdout == ""


@pytest.mark.usefixtures("of_the_demo")
def test_a_misspelt_tag_is_refused_with_the_near_one() -> None:
    for arguments in (["results"], ["webhooks", "add", "https://bot.example/hook"]):
        refused = run(*arguments, "--tag", "regresion")
        assert refused.exit_code == 1
        assert "the tag 'regresion' (near matches: regression)" in refused.stderr


@pytest.mark.usefixtures("of_the_demo")
@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_text_gets_no_suggestions(text: str) -> None:
    refused = run("suggest", text)
    assert refused.exit_code == 1
    assert "The text is empty" in refused.stderr


def test_a_misspelt_command_is_refused_with_the_near_one() -> None:
    refused = run("result")
    assert refused.exit_code == 2
    assert "Did you mean 'results'" in refused.output


def test_the_version_is_told() -> None:
    assert run("--version").stdout == f"tagger {__version__}\n"
