"""Commands that make models."""

import os
import signal
import sys
from typing import Annotated

import typer

from core.clock import SystemClock
from core.console import command, err, open_database, out, start
from trainer.compare.cli import compare
from trainer.models_cli import Site, make_models_app, metrics_table
from trainer.progress import make_watch
from trainer.splits import SplitName
from trainer.systems import ARCHITECTURES, DEFAULT_ARCHITECTURE


def add_commands(app: typer.Typer) -> None:
    """Add this part's commands."""
    app.command("train")(train)
    app.command("compare")(compare)
    app.add_typer(make_models_app(), name="models")


def _check_architecture(name: str) -> str:
    if name not in ARCHITECTURES:
        raise typer.BadParameter(f"there are: {', '.join(sorted(ARCHITECTURES))}")
    return name


@command
def train(
    site: Site,
    *,
    architecture: Annotated[
        str,
        typer.Option(
            "--architecture",
            "-a",
            callback=_check_architecture,
            help=f"The network: {', '.join(sorted(ARCHITECTURES))}.",
        ),
    ] = DEFAULT_ARCHITECTURE,
    top_tags: Annotated[
        int | None,
        typer.Option(min=2, help="How many of the site's tags to learn.  [default: the setting]"),
    ] = None,
    class_weights: Annotated[
        bool | None,
        typer.Option(
            help="Let mistakes on rare tags cost more.  [default: the architecture's]",
        ),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="At most.  [default: the architecture's]")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the network's random numbers.")] = 0,
    split: Annotated[
        SplitName, typer.Option(help="Which fifth of the questions judges: any, or the newest.")
    ] = "random",
) -> None:
    """Train a model on a site's stored questions and publish it; the first one goes live.

    Ctrl-C ends the training early and publishes the best epoch so far; a second one gives up.

    Example: tagger train --site stats --architecture conv1d
    """
    from trainer.train import TrainingOptions, train_site  # noqa: PLC0415

    settings = start()
    engine = open_database(settings)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that a run's row
    options = TrainingOptions(  # says that it was stopped
        architecture=architecture,
        top_tags=top_tags or settings.top_tags,
        min_questions=settings.min_questions,
        class_weights=class_weights,
        epochs=epochs,
        seed=seed,
        split=split,
    )
    try:
        with make_watch(err) as watch:
            version = train_site(engine, site, options, clock=SystemClock(), watch=watch)
    except SystemExit as end:
        sys.stderr.flush()
        # TensorFlow's threads are still at work, and the interpreter's own end may crash on them.
        os._exit(int(end.code or 0))
    out.print(metrics_table(version))
    state = "live" if version.live else "published"
    out.print(f"{site} version {version.version} ({architecture}) is {state}.", highlight=False)
    if not version.live:
        out.print(f"Make it live with: tagger models promote --site {site} {version.version}")
