"""Commands on the registry: which models there are, which one is live, and since when."""

from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.table import Column, Table

from core.agreement.live import daily_agreement
from core.agreement.view import days_table
from core.console import (
    command,
    open_existing_database,
    out,
    plain,
    print_json,
    start,
    stored_site_option,
)
from core.database.engine import reading
from core.model.bundle_cache import open_cache
from core.model.fetching import fetch_from
from core.model.manifest import Manifest
from core.model.registry import Promoted, Version, list_promotions, list_versions
from trainer.models.analysis import add_analysis_commands
from trainer.models.changes import add_change_commands
from trainer.models.options import AsJson, Site, VersionOrLive, find_version
from trainer.report.cli import report
from trainer.report.metric_names import KINDS, METRIC_NAMES, in_order

MINUTES = "%Y-%m-%d %H:%M"
LISTED = ("precision_at_1", "recall_at_5")


def make_models_app() -> typer.Typer:
    """Return `tagger models` with its commands."""
    models = typer.Typer(help="The registry of trained models.", no_args_is_help=True)
    models.command("list")(list_models)
    models.command("show")(show_model)
    add_change_commands(models)
    add_analysis_commands(models)
    models.command("report")(report)
    return models


@command
def list_models(
    site: Annotated[str | None, stored_site_option("Only this site's models.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List the registry's models, the newest last, with how they did on held-out questions.

    Example: tagger models list --site stats
    """
    engine = open_existing_database(start())
    with reading(engine) as connection:
        versions = list_versions(connection, site)
        sites = {version.site for version in versions}
        promotions = {of_site: list_promotions(connection, of_site) for of_site in sites}
    if as_json:
        print_json([_as_json(version, promotions[version.site]) for version in versions])
        return
    if not versions:
        out.print(
            f"There is no model yet. Train one with: tagger train --site {plain(site or 'SITE')}"
        )
        return
    out.print(_versions_table(versions, promotions))


def _as_json(version: Version, promotions: list[Promoted]) -> dict[str, Any]:
    """A version as the registry holds it, and when it was live."""
    live = [asdict(one) for one in promotions if one.version == version.version]
    return asdict(version) | {"promotions": live}


def _versions_table(versions: list[Version], promotions: dict[str, list[Promoted]]) -> Table:
    table = Table(box=None, header_style="bold", padding=(0, 1, 0, 0))  # to fit 80 characters
    table.caption = "P@1 and R@5 are of the tags that each knows, on held-out questions."
    table.caption_justify = "left"
    table.add_column("site", overflow="fold")
    table.add_column("version", no_wrap=True)
    table.add_column("architecture", overflow="fold")
    table.add_column("made", no_wrap=True)
    table.add_column("live")
    for column in (*(METRIC_NAMES[name].short for name in LISTED), "size"):
        table.add_column(column, justify="right", no_wrap=True)
    for version in versions:
        times = [p for p in promotions[version.site] if p.version == version.version]
        table.add_row(*_row(version, times))
    return table


def _row(version: Version, live: list[Promoted]) -> tuple[str, ...]:
    return (
        version.site,
        str(version.version),
        plain(version.architecture),
        f"{version.created_at:%Y-%m-%d}",
        _period(live[-1], "%Y-%m-%d") if live else "",
        *(_number(version.metrics.get(name, ""), digits=3) for name in LISTED),
        "pruned" if version.pruned_at else f"{version.size / 1e6:.1f} MB",
    )


def _period(promoted: Promoted, times: str) -> str:
    if promoted.until is None:
        return f"since {promoted.at:{times}}"
    return f"{promoted.at:{times}} to {promoted.until:{times}}"


@command
def show_model(site: Site, version: VersionOrLive = None, *, as_json: AsJson = False) -> None:
    """Show one model: how it was made, what it knows, how good it is.

    Example: tagger models show --site stats 3
    """
    settings = start()
    engine = open_existing_database(settings)
    with reading(engine) as connection:
        found = find_version(connection, site, version)
        live = [p for p in list_promotions(connection, site) if p.version == found.version]
        agreement = daily_agreement(connection, model_version_id=found.id)
    manifest = None
    if found.pruned_at is None:
        with open_cache(settings).open(found, fetch_from(engine)) as bundle:
            manifest = bundle.manifest
    if as_json:
        made = manifest.model_dump() if manifest is not None else None
        days = [asdict(day) for day in agreement]
        print_json(_as_json(found, live) | {"manifest": made, "agreement": days})
        return
    facts = Table("", Column(overflow="fold"), box=None, show_header=False)
    for name, value in (_facts(found, live) | _contents(manifest)).items():
        facts.add_row(f"[bold]{name}[/bold]", plain(value))
    out.print(facts)
    out.print(metrics_table(found))
    if agreement:
        out.print(days_table(agreement))


def _facts(version: Version, live: list[Promoted]) -> dict[str, str]:
    """What the registry holds of a version, also when its bundle is gone."""
    facts = {
        "model": f"{version.site} version {version.version}{', live' if version.live else ''}",
        "architecture": version.architecture,
        "made": f"{version.created_at:{MINUTES}} UTC",
        "live": "; ".join(f"{_period(p, MINUTES)} ({p.reason})" for p in live) or "never",
    }
    if learned := _learned(version):
        facts["trained up to"] = learned
    pruned = version.pruned_at
    kept = f"{version.size:,} bytes" if pruned is None else f"pruned at {pruned:{MINUTES}} UTC"
    return facts | {"sha256": version.sha256, "size": kept}


def _learned(version: Version) -> str:
    """Up to which question it was trained, as far as that is known."""
    if version.learned_until is not None:
        return f"questions asked until {version.learned_until:{MINUTES}} UTC"
    return f"question {version.learned_through}" if version.learned_through else ""


def _contents(manifest: Manifest | None) -> dict[str, str]:
    """What a version's bundle says of it."""
    if manifest is None:
        return {}
    return {
        "hyperparameters": _pairs(manifest.hyperparameters),
        "tags": f"{len(manifest.labels)}: {', '.join(manifest.labels)}",
        "made with": _pairs(manifest.library_versions),
        "data": manifest.data_fingerprint,
    }


def metrics_table(version: Version) -> Table:
    """How a version did on the questions that were held out."""
    table = Table(box=None, header_style="bold", caption=KINDS, caption_justify="left")
    table.add_column("on held-out questions", overflow="fold")
    table.add_column(version.architecture, justify="right", no_wrap=True)
    table.add_column("what it is", overflow="fold")
    for name, value in in_order(version.metrics):
        table.add_row(plain(name.long), plain(_number(value)), name.meaning)
    return table


def _number(value: Any, digits: int = 4) -> str:
    if isinstance(value, float):
        return f"{value:.{digits}f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _pairs(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
