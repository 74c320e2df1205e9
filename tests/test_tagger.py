"""The command line's hints: what a person can type about an error."""

import pickle
import subprocess
import sys

import pytest
import typer

import tagger
from core.console import with_hint
from core.errors import (
    BrokerRefused,
    BrokerUnreachable,
    BundleCorrupt,
    ModelMissing,
    NoPreviousVersion,
    SiteNotGiven,
    TaggerError,
    UnknownModelVersion,
    UnknownWebhook,
)
from tests.commands import all_commands


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (BrokerUnreachable("None."), "(tagger up brings its own.)"),
        (BrokerRefused("None."), ""),
        (
            ModelMissing("None.", site="stats"),
            "What it waits for: tagger status. Train one with: tagger train --site stats",
        ),
        (NoPreviousVersion("None.", site="stats"), "See: tagger models list"),
        (SiteNotGiven("None."), "Add the site, as: --site stats"),
        (UnknownModelVersion("None."), "See: tagger models list"),
        (UnknownWebhook("None."), "See: tagger webhooks list"),
    ],
)
def test_an_error_is_told_with_what_to_type(error: TaggerError, hint: str) -> None:
    assert with_hint(error) == f"None. {hint}".rstrip()


def test_an_error_that_no_command_helps_is_told_alone() -> None:
    assert BundleCorrupt not in tagger.HINTS
    assert with_hint(BundleCorrupt("Broken {site}.")) == "Broken {site}."


def test_a_hint_names_the_site_also_where_the_error_came_from_another_process() -> None:
    error = pickle.loads(pickle.dumps(ModelMissing("None.", site="stats")))
    assert with_hint(error).endswith("--site stats")


@pytest.mark.parametrize(("part", "commands"), tagger.PARTS.items())
def test_a_command_is_found_in_its_part(part: str, commands: tuple[str, ...]) -> None:
    app = tagger.make_app([part])
    assert set(typer.main.get_command(app).commands) == set(commands)  # type: ignore[attr-defined]


def test_a_misspelt_command_names_the_one_that_is_meant() -> None:
    typed = typer.main.get_command(tagger.make_app())
    for command in all_commands():
        *group, name = command.words
        with pytest.raises(Exception, match=f"Did you mean.* '{name}'"):
            typed.main([*group, f"{name}{name[-1]}"], standalone_mode=False)


@pytest.mark.slow
def test_a_command_imports_its_own_part_alone() -> None:
    script = (
        "import sys, tagger; sys.argv = ['tagger', 'poll', '--help']\n"
        "try: tagger.main()\n"
        "except SystemExit: pass\n"
        "print([part for part in tagger.PARTS if f'{part}.cli' in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "['poller']"
