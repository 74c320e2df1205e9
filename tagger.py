"""The command line. It names the commands' parts; each part brings its own commands."""

import gc
import os
import sys
from collections.abc import Iterable
from importlib import import_module
from typing import Annotated

import typer

from core import __version__, console
from core.errors import (
    BrokerRefused,
    BrokerUnreachable,
    DatabaseMissing,
    ModelMissing,
    NoPreviousVersion,
    SiteNotGiven,
    TaggerError,
    UnknownModelVersion,
    UnknownWebhook,
    VersionPruned,
)

HINTS: dict[type[TaggerError], str] = {
    BrokerRefused: "",  # where one runs, another does not help
    BrokerUnreachable: "(tagger up brings its own.)",
    DatabaseMissing: "(tagger demo, tagger up or tagger import make one.)",
    ModelMissing: "What it waits for: tagger status. Train one with: tagger train --site {site}",
    NoPreviousVersion: "See: tagger models list",
    SiteNotGiven: "Add the site, as: --site stats",
    UnknownModelVersion: "See: tagger models list",
    UnknownWebhook: "See: tagger webhooks list",
    VersionPruned: "See: tagger models list",
}

# The commands of each part, in the order of the help. Only the part that is asked for is imported:
# all of them together take half a second more.
PARTS: dict[str, tuple[str, ...]] = {
    "demo": ("demo", "demo-site", "stand-in"),
    "ops": ("up", "status", "doctor", "db"),
    "worker": ("worker", "scheduler", "tag", "suggest", "parked"),
    "review": ("results", "review", "reviewers", "webhooks"),
    "trainer": ("train", "compare", "models"),
    "poller": ("poll", "history"),
    "importer": ("import",),
    "backfill": ("backfill",),
}

console.hints.update(HINTS)
console.probes["api"] = lambda *asked: import_module("poller.probe").ask_api(*asked)

console.probes["teacher"] = lambda named: import_module("trainer.teacher.probe").probe_teacher(
    named
)


def make_app(parts: Iterable[str] = PARTS) -> typer.Typer:
    """The command line with the commands of some parts."""
    app = typer.Typer(
        name="tagger",
        cls=console.PlainGroup,
        help="Continuous tag prediction for StackExchange sites.",
        no_args_is_help=True,
        pretty_exceptions_show_locals=False,  # they may hold secrets
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback()
    def _keep_commands(
        version: Annotated[
            bool,
            typer.Option(
                "--version",
                is_eager=True,
                callback=_tell_version,
                help="Show the version and exit.",
            ),
        ] = False,
    ) -> None:
        """A command that is alone would lose its name."""

    for part in parts:
        import_module(f"{part}.cli").add_commands(app)
    return app


def _tell_version(asked: bool) -> None:
    if asked:
        console.out.print(f"tagger {__version__}", highlight=False)
        raise typer.Exit


def _typed_in_shell() -> list[str]:
    """The words of the line that a shell wants completed, in Bash's or Typer's own variable."""
    return (os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS", "")).split()


def main() -> None:
    """Run the command that the arguments name."""
    typed = sys.argv if len(sys.argv) > 1 else _typed_in_shell()
    asked = typed[1] if len(typed) > 1 else ""
    named = [part for part, commands in PARTS.items() if asked in commands]
    gc.disable()  # while modules are loaded there is nothing to collect, and looking takes 0.1 s
    app = make_app(named or PARTS)
    gc.freeze()
    gc.enable()
    app()


if __name__ == "__main__":
    main()
