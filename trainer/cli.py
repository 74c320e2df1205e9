"""Commands that make models."""

import os
import signal
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

import typer

from core.console import (
    command,
    err,
    json_option,
    open_existing_database,
    out,
    print_json,
    start,
)
from core.database.clock import DatabaseClock
from core.settings import Retag
from trainer.compare.cli import compare
from trainer.models.cli import make_models_app, metrics_table
from trainer.models.options import Site
from trainer.progress import make_reporter
from trainer.systems import ARCHITECTURES

if TYPE_CHECKING:
    from trainer.runs.promotion import RunResult


def add_commands(app: typer.Typer) -> None:
    """Add this part's commands."""
    app.command("train")(train)
    app.command("compare")(compare)
    app.add_typer(make_models_app(), name="models")


def _check_architecture(name: str | None) -> str | None:
    if name is not None and name not in ARCHITECTURES:
        raise typer.BadParameter(f"there are: {', '.join(sorted(ARCHITECTURES))}")
    return name


Architecture = Annotated[
    str | None,
    typer.Option(
        "--architecture",
        "-a",
        callback=_check_architecture,
        autocompletion=lambda: sorted(ARCHITECTURES),
        help=f"Network architecture: {', '.join(sorted(ARCHITECTURES))}.",
        show_default="the setting",
    ),
]
TopTags = Annotated[
    int | None,
    typer.Option(min=2, help="How many of the site's tags to learn.", show_default="the setting"),
]
ClassWeights = Annotated[
    bool | None,
    typer.Option(help="Weigh mistakes on rare tags more.", show_default="the architecture's"),
]
Epochs = Annotated[
    int | None, typer.Option(min=1, help="Epochs at most.", show_default="the architecture's")
]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the network's random numbers.")]
Promote = Annotated[
    bool | None,
    typer.Option(help="Whether the model goes live.", show_default="where it is the better one"),
]
RetagOption = Annotated[
    Retag | None,
    typer.Option(
        help="Which tagged questions it tags again if it goes live.", show_default="the setting"
    ),
]
NewQuestions = Annotated[
    int | None,
    typer.Option(
        min=1, help="Skip the training where fewer questions are new.", show_default="never"
    ),
]
Fresh = Annotated[
    bool,
    typer.Option(
        "--fresh", help="Start from scratch; nothing of an unfinished training is resumed."
    ),
]


@command
def train(  # noqa: PLR0913 (options)
    site: Site,
    *,
    architecture: Architecture = None,
    top_tags: TopTags = None,
    class_weights: ClassWeights = None,
    epochs: Epochs = None,
    seed: Seed = 0,
    promote: Promote = None,
    retag: RetagOption = None,
    new_questions: NewQuestions = None,
    fresh: Fresh = False,
    as_json: Annotated[bool, json_option()] = False,
) -> None:
    """Train a model on a site's stored questions, evaluate it, publish it, promote the better one.

    It is evaluated on the newest tenth of the questions, which it does not learn from, beside the
    live model and a linear baseline. Ctrl-C ends the training early and goes on with the best epoch
    so far; a second one gives up. A training that was killed is resumed by the next one on the same
    questions.

    Example: tagger train --site stats --architecture conv1d
    """
    settings = start()
    engine = open_existing_database(settings)
    from trainer.options import TrainingOptions  # noqa: PLC0415 (seconds, for what is refused)
    from trainer.train import train_site  # noqa: PLC0415

    # So that the run's row says that it was stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    options = TrainingOptions.of(
        settings,
        architecture=architecture,
        top_tags=top_tags,
        class_weights=class_weights,
        epochs=epochs,
        seed=seed,
        resume=settings.data_dir / "training" / quote(site, safe=""),
        fresh=fresh,
        promote=promote,
        retag=retag,
        new_questions=new_questions,
    )
    try:
        with make_reporter(err) as reporter:
            result = train_site(
                engine, site, options, clock=DatabaseClock(engine), reporter=reporter
            )
    except SystemExit as end:
        sys.stderr.flush()
        # TensorFlow's threads are still at work, and the interpreter's own end may crash on them.
        os._exit(int(end.code or 0))
    if as_json:
        print_json(asdict(result))
    else:
        _tell(site, result)


def _tell(site: str, result: "RunResult") -> None:
    """Print how a run went, and what to type next."""
    if result.version is None:
        out.print(f"{site} is not trained: {result.reason}.", highlight=False)
        return
    version = result.version
    out.print(metrics_table(version))
    state = "live" if version.live else "published, and not live"
    out.print(
        f"{site} version {version.version} ({version.architecture}) is {state}: {result.reason}.",
        highlight=False,
    )
    if not version.live:
        out.print(f"Make it live with: tagger models promote --site {site} {version.version}")
    out.print(f"See its report with: tagger models report --site {site}")
