"""The site may be left out wherever the settings name one: each command that takes `--site`."""

from pathlib import Path

import pytest
import typer
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

import tagger
from tests.commands import Command, all_commands
from tests.conftest import ManualClock
from tests.json_rows import GOOD, write
from tests.rows import question, store_questions

# Where none is named, these are about all sites,
OF_ALL_SITES = {
    "history",
    "models import",
    "models list",
    "parked list",
    "parked release",
    "results",
}
# and these may be told files, which may name their site: their own tests leave it out.
OF_FILES = {"backfill", "compare", "import"}

WITH_SITE = [command for command in all_commands() if "--site" in command.options]


@pytest.fixture
def two_sites(
    sqlite_engine: Engine, sqlite_url: str, monkeypatch: pytest.MonkeyPatch, clock: ManualClock
) -> None:
    """A database of the sites demo and forum, and settings that name demo."""
    store_questions(
        sqlite_engine, question(1, site="demo"), question(1, site="forum"), now=clock.now()
    )
    monkeypatch.setenv("TAGGER_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("TAGGER_SITES", "demo")


@pytest.mark.usefixtures("two_sites")
@pytest.mark.parametrize("command", WITH_SITE, ids=str)
def test_a_command_takes_the_only_site_of_the_settings(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = _without_site(command.example[len(command.words) :])
    for argument in arguments:
        if "." in argument and "//" not in argument:  # a file of the example
            Path(argument).touch()
    site = _read(command, arguments)["site"]
    assert site == (None if str(command) in OF_ALL_SITES | OF_FILES else "demo")


def test_there_is_no_command_but_these() -> None:
    names = set(map(str, WITH_SITE))
    assert names > OF_ALL_SITES | OF_FILES
    assert {"tag", "suggest", "train", "models show"} <= names


def test_a_set_site_that_is_nearly_another_is_refused_by_an_import(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAGGER_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("TAGGER_SITES", "cookng")
    file = tmp_path / "q.jsonl"
    write(file, {name: value for name, value in GOOD.items() if name != "site"})

    def ended(*options: str) -> Result:
        arguments = ["import", str(file), *options]
        return CliRunner().invoke(tagger.make_app(["importer"]), arguments)

    refused = ended()
    assert refused.exit_code == 1
    assert "TAGGER_SITES: There is no site 'cookng' (near matches: cooking" in refused.stderr
    assert not (tmp_path / "tagger.sqlite3").exists()
    named = ended("--site", "cooking")
    assert named.exit_code == 0, named.output
    assert "cookng is taken" in ended("--new-site").stderr


def _without_site(arguments: list[str]) -> list[str]:
    if "--site" not in arguments:
        return arguments
    place = arguments.index("--site")
    return arguments[:place] + arguments[place + 2 :]


def _read(command: Command, arguments: list[str]) -> dict[str, object]:
    """What the command's function would be called with."""
    node: typer.core.TyperGroup | typer.core.TyperCommand = typer.main.get_command(
        tagger.make_app()
    )  # type: ignore[assignment]
    for word in command.words:
        node = node.commands[word]  # type: ignore[union-attr,assignment]
    return dict(node.make_context(command.words[-1], arguments).params)
