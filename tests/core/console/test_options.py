"""Options: sites that there are, however people name them, and the one that is meant by none."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import pytest
import typer
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from core import console
from tests.conftest import ManualClock
from tests.rows import question, store_questions


@pytest.fixture
def command(engine: Engine, monkeypatch: pytest.MonkeyPatch, clock: ManualClock) -> typer.Typer:
    """A command that names a site, of a database with one of somebody's own."""
    address = engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("TAGGER_DATABASE_URL", address)
    monkeypatch.setenv("TAGGER_SITES", "demo")
    store_questions(engine, question(1, site="my-forum"), now=clock.now())
    app = typer.Typer()

    @app.command()
    def show(
        site: Annotated[str | None, console.site_option("A site.")] = None,
        new_site: Annotated[bool, console.new_site_option()] = False,
    ) -> None:
        console.out.print(f"{site} {new_site}")

    return app


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--site", "Stats.StackExchange.com"], "stats False"),
        (["--site", "My-Forum"], "my-forum False"),
        (["--site", "demo"], "demo False"),
        (["--site", "pumps"], "pumps False"),
        (["--site", "stats2"], "stats2 False"),
        (["--site", "statz", "--new-site"], "statz True"),
        (["--new-site", "--site", "My.Own.Site"], "my.own.site True"),
        ([], "None False"),
    ],
)
def test_a_command_takes_sites_that_there_are_and_ones_own(
    command: typer.Typer, given: list[str], said: str
) -> None:
    assert CliRunner().invoke(command, given).stdout == f"{said}\n"


def test_a_command_refuses_sites_that_there_are_not(command: typer.Typer) -> None:
    refused = CliRunner().invoke(command, ["--site", "statz"])
    assert refused.exit_code == console.FAILURE
    assert "There is no site 'statz' (near matches: stats" in refused.stderr
    assert "or add --new-site where it is a site of your own" in refused.stderr
    refused = CliRunner().invoke(command, ["--site", "stackexchange.com", "--new-site"])
    assert "is no site" in refused.stderr


def test_to_ask_for_a_site_makes_no_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAGGER_SITES", "demo")
    app = typer.Typer()

    @app.command()
    def show(site: Annotated[str, console.site_option("A site.")]) -> None:
        console.out.print(site)

    assert CliRunner().invoke(app, ["--site", "demo"]).stdout == "demo\n"
    assert CliRunner().invoke(app, ["--site", "nosuch"]).exit_code == console.FAILURE
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def one_site(
    sqlite_engine: Engine, sqlite_url: str, monkeypatch: pytest.MonkeyPatch, clock: ManualClock
) -> Callable[..., Result]:
    """Runs a command that is about one site, on a database that holds the site demo."""
    monkeypatch.setenv("TAGGER_DATABASE_URL", sqlite_url)
    store_questions(sqlite_engine, question(1, site="demo"), now=clock.now())
    app = typer.Typer()

    @app.command()
    def show(site: Annotated[str, console.one_site_option("The site.")]) -> None:
        console.out.print(site)

    return lambda *arguments: CliRunner().invoke(app, arguments)


@pytest.mark.parametrize("given", [[], ["--site", "demo"], ["--site", "Demo"]])
def test_the_only_site_that_is_stored_need_not_be_named(
    one_site: Callable[..., Result], given: list[str]
) -> None:
    assert one_site(*given).stdout == "demo\n"


def test_the_only_site_of_the_settings_need_not_be_named(
    one_site: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAGGER_SITES", "cooking")
    assert one_site().stdout == "cooking\n"


def test_of_several_sites_one_has_to_be_named(
    one_site: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAGGER_SITES", "demo,cooking")
    refused = one_site()
    assert refused.exit_code == console.FAILURE
    assert refused.stderr == (
        "tagger: Of which site? There are demo, cooking. Name one, as: --site demo\n"
    )


@pytest.mark.parametrize("wrong", ["demoo", "Dem", "https://demo.example"])
def test_a_site_of_which_nothing_is_stored_is_refused_with_those_that_are(
    one_site: Callable[..., Result], wrong: str
) -> None:
    refused = one_site("--site", wrong)
    assert refused.exit_code == console.FAILURE
    assert "near matches: demo" in refused.stderr or wrong.startswith("https")
    assert "tagger.sqlite3 holds: demo." in refused.stderr


def test_a_site_of_the_network_that_is_not_stored_is_refused_too(
    one_site: Callable[..., Result],
) -> None:
    refused = one_site("--site", "stats")
    assert refused.exit_code == console.FAILURE
    assert "Nothing of the site 'stats' is stored. " in refused.stderr


def test_the_help_says_that_the_site_may_be_left_out(one_site: Callable[..., Result]) -> None:
    assert "default: (the only one)" in " ".join(one_site("--help").stdout.split())
