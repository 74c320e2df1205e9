"""What a shell completes: what is stored, and nothing where the database cannot be asked."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

import tagger
from tests.commands import all_commands
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import publish_live, question, store_questions

SHELLS: dict[str, Callable[[str], dict[str, str]]] = {
    "complete_bash": lambda line: {
        "COMP_WORDS": f"tagger {line}",
        "COMP_CWORD": str(len(f"tagger {line}".split(" ")) - 1),
    },
    "complete_zsh": lambda line: {"_TYPER_COMPLETE_ARGS": f"tagger {line}"},
    "complete_fish": lambda line: {
        "_TYPER_COMPLETE_ARGS": f"tagger {line}",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    },
}


def completed(line: str, shell: str) -> str:
    """What a shell gets for a line that is being typed."""
    env = {"_TAGGER_COMPLETE": shell, **SHELLS[shell](line)}
    return CliRunner(env=env).invoke(tagger.make_app(), [], prog_name="tagger").stdout


@pytest.fixture
def stored(
    sqlite_engine: Engine, sqlite_url: str, monkeypatch: pytest.MonkeyPatch, clock: ManualClock
) -> None:
    """The sites demo and forum, of which demo has a model."""
    monkeypatch.setenv("TAGGER_DATABASE_URL", sqlite_url)
    store_questions(
        sqlite_engine,
        question(1, site="demo"),
        question(2, site="forum", author_tags=("rain",)),
        now=clock.now(),
    )
    publish_live(sqlite_engine, word_bundle("demo"), now=clock.now())


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("line", "offered", "not_offered"),
    [
        ("res", ["results"], "status"),
        ("results --wi", ["--without-suggestion"], "--since"),
        ("results --site d", ["demo"], "forum"),
        ("results --tag r", ["rain", "regression"], "demo"),
        ("results --site demo --tag r", ["regression"], "rain"),
        ("models show --site demo ", ["1"], "2"),
        ("models diff --site demo 1 ", ["1"], "2"),
        ("train --architecture conv", ["conv1d"], "lstm"),
        ("statu", ["status"], "stand-in"),
    ],
)
def test_a_line_is_completed(shell: str, line: str, offered: list[str], not_offered: str) -> None:
    shown = completed(line, shell)
    assert all(one in shown for one in offered)
    assert not_offered not in shown


def test_every_site_tag_and_version_is_completed() -> None:
    named = {"site", "tag", "version", "before", "after"}
    found = {
        f"{command} {one.name}": one._custom_shell_complete is not None
        for command in all_commands()
        for one in command.parameters
        if one.name in named and not getattr(one, "is_flag", False)
    }
    assert len(found) > 25
    assert [name for name, is_completed in found.items() if not is_completed] == []


@pytest.mark.parametrize("address", ["", "postgresql://127.0.0.1:1/none"])
def test_without_a_database_nothing_is_completed_and_none_is_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, address: str
) -> None:
    monkeypatch.setenv("TAGGER_DATABASE_URL", address)
    assert completed("results --site d", "complete_bash").strip() == ""
    assert list(tmp_path.iterdir()) == []


def test_only_the_part_that_is_typed_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[object] = []
    monkeypatch.setattr(tagger, "make_app", lambda parts: lambda: loaded.append(list(parts)))
    monkeypatch.setattr("sys.argv", ["tagger"])
    for variable in ("COMP_WORDS", "_TYPER_COMPLETE_ARGS"):
        monkeypatch.setenv(variable, "tagger results --si")
        tagger.main()
        monkeypatch.delenv(variable)
    assert loaded == [["review"], ["review"]]
