"""The command line. It names the commands' parts; each part brings its own commands."""

import typer

import demo.cli
import importer.cli
import ops.cli
import poller.cli
import review.cli
import trainer.cli
import worker.cli
from core import console
from core.errors import (
    BrokerUnreachable,
    ModelMissing,
    NoPreviousVersion,
    SiteNotGiven,
    TaggerError,
    UnknownModelVersion,
    VersionPruned,
)

HINTS: dict[type[TaggerError], str] = {
    BrokerUnreachable: "(tagger up brings its own.)",
    ModelMissing: "Train one with: tagger train --site {site}",
    NoPreviousVersion: "See: tagger models list",
    SiteNotGiven: "Add the site, as: --site stats",
    UnknownModelVersion: "See: tagger models list",
    VersionPruned: "See: tagger models list",
}

app = typer.Typer(
    name="tagger",
    help="Continuous tag prediction for StackExchange sites.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # they may hold secrets
    context_settings={"help_option_names": ["-h", "--help"]},
)

console.hints.update(HINTS)
for part in (
    demo.cli,
    ops.cli,
    worker.cli,
    review.cli,
    trainer.cli,
    poller.cli,
    importer.cli,
):
    part.add_commands(app)


def main() -> None:
    """Run the command that the arguments name."""
    app()


if __name__ == "__main__":
    main()
