"""The demo's commands."""

from pathlib import Path
from typing import Annotated

import typer

from core.console import command
from demo.run import run_demo
from demo.standin.cli import stand_in


def add_commands(app: typer.Typer) -> None:
    """Add this part's commands."""
    app.command("demo")(demo)
    app.command("stand-in")(stand_in)


@command
def demo(
    folder: Annotated[
        Path, typer.Option(help="Where it keeps its database; emptied first if a demo made it.")
    ] = Path("data/demo"),
    questions: Annotated[
        int, typer.Option(min=1500, help="How many the made-up site has; a fifth is new.")
    ] = 4000,
    architecture: Annotated[
        str | None, typer.Option(help="What to train.  [default: as tagger train]")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Let the services run on.")] = False,
) -> None:
    """See the whole service at work on a made-up site: no network, no account, a few minutes.

    Example: tagger demo --keep
    """
    run_demo(folder, questions=questions, architecture=architecture, keep=keep)
