"""Commands on the registry: which models there are, and which one is live."""

from typing import Annotated, Any

import typer
from rich.table import Table

from core.clock import SystemClock
from core.console import command, open_database, out, plain, start
from core.database import reading
from core.model import Model
from core.registry import (
    Version,
    find_live,
    get_live,
    get_version,
    list_versions,
    load_bundle,
    promote,
)
from trainer.report.cli import report

Site = Annotated[str, typer.Option("--site", "-s", help="The site, by the API's name.")]


def make_models_app() -> typer.Typer:
    """Return `tagger models` with its commands."""
    models = typer.Typer(help="The registry of trained models.", no_args_is_help=True)
    models.command("list")(list_models)
    models.command("show")(show_model)
    models.command("promote")(promote_model)
    models.command("report")(report)
    return models


@command
def list_models(
    site: Annotated[
        str | None, typer.Option("--site", "-s", help="Only this site's models.")
    ] = None,
) -> None:
    """List the registry's models, the newest last, with how they did on the test part.

    Example: tagger models list --site stats
    """
    engine = open_database(start())
    with reading(engine) as connection:
        versions = list_versions(connection, site)
    if not versions:
        out.print("There is no model yet. Train one with: tagger train --site SITE")
        return
    table = Table(box=None, header_style="bold")
    table.add_column("site", overflow="fold")
    for column in ("version", "architecture", "made"):
        table.add_column(column, no_wrap=True)
    for column in ("P@1", "R@5", "micro-F1", "size"):
        table.add_column(column, justify="right", no_wrap=True)
    for version in versions:
        table.add_row(*_row(version))
    out.print(table)


def _row(version: Version) -> tuple[str, ...]:
    return (
        version.site,
        f"{version.version}{' live' if version.live else ''}",
        plain(version.architecture),
        f"{version.created_at:%Y-%m-%d}",
        *(
            _number(version.metrics.get(name, ""), digits=3)
            for name in ("precision_at_1", "recall_at_5", "micro_f1")
        ),
        f"{version.size / 1e6:.1f} MB",
    )


@command
def show_model(
    site: Site,
    version: Annotated[
        int | None, typer.Argument(help="Its number.  [default: the live one]")
    ] = None,
) -> None:
    """Show one model: how it was made, what it knows, how good it is.

    Example: tagger models show --site stats 3
    """
    engine = open_database(start())
    with reading(engine) as connection:
        if version is None:
            found = get_live(connection, site)
        else:
            found = get_version(connection, site, version)
        manifest = load_bundle(connection, found).manifest
    facts = Table(box=None, show_header=False)
    for name, value in {
        "model": f"{site} version {found.version}{', live' if found.live else ''}",
        "architecture": found.architecture,
        "made": f"{found.created_at:%Y-%m-%d %H:%M} UTC",
        "hyperparameters": _pairs(manifest.hyperparameters),
        "tags": f"{len(manifest.labels)}: {', '.join(manifest.labels)}",
        "made with": _pairs(manifest.library_versions),
        "data": manifest.data_fingerprint,
        "sha256": found.sha256,
        "size": f"{found.size:,} bytes",
    }.items():
        facts.add_row(f"[bold]{name}[/bold]", plain(value))
    out.print(facts)
    out.print(metrics_table(found))


@command
def promote_model(site: Site, version: Annotated[int, typer.Argument(help="Its number.")]) -> None:
    """Make a model its site's live one; workers take it up at their next batch.

    It is loaded and tried first, so one that does not verify stays where it is.

    Example: tagger models promote --site stats 3
    """
    engine = open_database(start())
    with reading(engine) as connection:
        before = find_live(connection, site)
        Model(load_bundle(connection, get_version(connection, site, version)))
    with engine.begin() as connection:
        promote(connection, site, version, now=SystemClock().now(), reason="hand")
    was = f"; version {before.version} was" if before and before.version != version else ""
    out.print(f"{site} version {version} is live{was}.", highlight=False)


def metrics_table(version: Version) -> Table:
    """How a version did on the questions that were held out."""
    table = Table(box=None, header_style="bold")
    table.add_column("on the test part")
    table.add_column(version.architecture, justify="right")
    for name, value in version.metrics.items():
        table.add_row(plain(name.replace("_at_", "@").replace("_", " ")), plain(_number(value)))
    return table


def _number(value: Any, digits: int = 4) -> str:
    if isinstance(value, float):
        return f"{value:.{digits}f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _pairs(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
