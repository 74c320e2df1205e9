"""Commands that look at published versions again: by tag, two compared, thresholds chosen anew."""

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Engine

from core.clock import SystemClock
from core.console import (
    command,
    complete_versions,
    open_existing_database,
    out,
    plain,
    print_json,
    start,
)
from core.database.clock import DatabaseClock
from core.database.engine import reading
from core.errors import ExportFailed
from core.model.registry import Version
from core.questions.selection import Selection, training_selection
from core.settings import Settings
from trainer.models.options import AsJson, Number, RetagOption, Site, VersionOrLive, find_version

OtherVersion = Annotated[
    int,
    typer.Argument(
        autocompletion=complete_versions, help="The model version that it is compared with."
    ),
]
CsvFile = Annotated[
    Path | None,
    typer.Option("--out", "-o", dir_okay=False, help="The file.", show_default="printed"),
]
Precision = Annotated[
    float | None,
    typer.Option(min=0.01, max=0.99, help="What the precision of each tag's suggestions is to be."),
]
PerQuestion = Annotated[
    float | None,
    typer.Option(min=0.1, max=5, help="How many suggestions a question is to have, on average."),
]
Promote = Annotated[
    bool | None,
    typer.Option(help="Whether it goes live.", show_default="where it surely ranks better"),
]
RunsFolder = Annotated[
    Path, typer.Option("--out", "-o", file_okay=False, help="The folder, made or added to.")
]


def add_analysis_commands(models: typer.Typer) -> None:
    """Add this file's commands to `tagger models`."""
    models.command("tags")(show_tags)
    models.command("diff")(compare_two)
    models.command("tune")(tune)
    models.command("export-runs")(export_mlflow)


@command
def show_tags(site: Site, version: VersionOrLive = None, *, file: CsvFile = None) -> None:
    """Write how good a model is at each tag, as CSV.

    On the settled questions that it has not learned from: those held out at its training, and
    those that have come since.

    Example: tagger models tags --site stats 3 --out tags.csv
    """
    from core.model.sentences.encoders import Encoders  # noqa: PLC0415 (NumPy)
    from trainer.versions.judged import judge  # noqa: PLC0415 (NumPy, which --help does not need)
    from trainer.versions.tag_table import to_csv  # noqa: PLC0415

    settings = start()
    engine = open_existing_database(settings)
    text = to_csv(
        judge(
            engine,
            _selection(settings, site),
            [_find(engine, site, version)],
            encoders=Encoders(settings.teacher),
        )
    )
    if file is None:
        typer.echo(text, nl=False)
        return
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ExportFailed(f"The file {file} cannot be written: {error.strerror}.") from None
    out.print(f"{text.count(chr(10)) - 1:,} tags: {plain(str(file))}", highlight=False)


@command
def compare_two(
    site: Site, before: Number, after: OtherVersion, *, as_json: AsJson = False
) -> None:
    """Show what changed from one model to another: how it was made, how good it is, for which tags.

    Both tag the settled questions that neither has learned from.

    Example: tagger models diff --site stats 3 4
    """
    from core.model.sentences.encoders import Encoders  # noqa: PLC0415 (NumPy)
    from trainer.models.diff_view import print_compared, print_made  # noqa: PLC0415
    from trainer.versions.comparison import compare_versions  # noqa: PLC0415
    from trainer.versions.judged import judge  # noqa: PLC0415

    settings = start()
    engine = open_existing_database(settings)
    versions = [_find(engine, site, number) for number in (before, after)]
    encoders = Encoders(settings.teacher)
    judged = judge(engine, _selection(settings, site), versions, encoders=encoders)
    compared = compare_versions(judged)
    if as_json:
        print_json({"site": site, "before": before, "after": after, **asdict(compared)})
        return
    print_made(*judged.versions)
    print_compared(compared, versions)


@command
def tune(
    site: Site,
    version: VersionOrLive = None,
    *,
    precision: Precision = None,
    suggestions: PerQuestion = None,
    promote: Promote = None,
    which: RetagOption = None,
    as_json: AsJson = False,
) -> None:
    """Choose a model's thresholds anew, for a precision or a number of suggestions.

    Nothing is trained: the result is a version of its own with the old network. Half of the
    settled questions that the model has not learned from choose, the other half judge.

    Example: tagger models tune --site stats 3 --precision 0.8
    """
    from trainer.models.diff_view import print_compared  # noqa: PLC0415 (NumPy)
    from trainer.versions.tuning import Goal, TuningOptions, tune_version  # noqa: PLC0415

    if (precision is None) == (suggestions is None):
        raise typer.BadParameter("say what for, by one of --precision and --suggestions")
    settings = start()
    engine = open_existing_database(settings)
    goal = Goal("precision", precision) if precision else Goal("suggestions", suggestions or 0.0)
    options = TuningOptions(
        promote=promote,
        confidence=settings.gate_confidence,
        retag=which or settings.retag,
        retag_recent=timedelta(days=settings.retag_days),
        keep_versions=settings.keep_versions,
        teacher=settings.teacher,
    )
    source = _find(engine, site, version)
    selection = _selection(settings, site)
    tuned = tune_version(engine, selection, source, goal, options, clock=DatabaseClock(engine))
    if as_json:
        told = {"version": asdict(tuned.version), "of_version": source.version}
        compared = asdict(tuned.compared)
        print_json(told | {"reason": tuned.decision.reason, "compared": compared})
        return
    print_compared(tuned.compared, [source, tuned.version])
    state = "live" if tuned.version.live else "published, and not live"
    made = f"{site} version {tuned.version.version}, of version {source.version}, is {state}"
    out.print(f"{made}: {tuned.decision.reason}.", highlight=False, markup=False)
    if not tuned.version.live:
        out.print(f"Make it live with: tagger models promote --site {site} {tuned.version.version}")


@command
def export_mlflow(
    site: Site, *, folder: RunsFolder = Path("mlruns"), as_json: AsJson = False
) -> None:
    """Write a site's training runs in MLflow's file layout, for `mlflow ui` and its API.

    MLflow 3 takes such a folder where MLFLOW_ALLOW_FILE_STORE is true, and makes a database of it
    by `mlflow migrate-filestore`.

    Example: tagger models export-runs --site stats --out mlruns
    """
    from trainer.versions.mlflow import export_runs  # noqa: PLC0415

    with reading(open_existing_database(start())) as connection:
        count = export_runs(connection, site, folder)
    if as_json:
        print_json({"site": site, "runs": count, "folder": str(folder)})
        return
    where = plain(str(folder))
    out.print(
        f"Runs of {site} written to {where}: {count:,}.\n"
        f"See them with: MLFLOW_ALLOW_FILE_STORE=true mlflow ui --backend-store-uri {where}",
        highlight=False,
        soft_wrap=True,
    )


def _find(engine: Engine, site: str, version: int | None) -> Version:
    with reading(engine) as connection:
        return find_version(connection, site, version)


def _selection(settings: Settings, site: str) -> Selection:
    return training_selection(
        site,
        now=SystemClock().now(),
        settle=timedelta(days=settings.settle_days),
        newest=settings.training_questions,
    )
