"""Commands that change the registry: which model is live, what comes in, what goes."""

import shutil
import sys
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from sqlalchemy.engine import Connection

from core.console import (
    command,
    err,
    new_site_option,
    open_database,
    open_existing_database,
    out,
    plain,
    print_json,
    site_option,
    start,
)
from core.database.clock import DatabaseClock
from core.database.engine import reading
from core.errors import ExportFailed
from core.model import registry
from core.model.bundle import inspect
from core.model.bundle_files import copy_of_bundle_file, try_bundle
from core.model.fetching import fetch_packed
from core.model.going_live import WentLive, promote_tried, roll_back_tried
from core.new_file import new_file
from core.questions.retention import prune_pages
from trainer.models.options import AsJson, Number, RetagOption, Site, VersionOrLive, find_version

BundleFile = Annotated[
    Path | None,
    typer.Option(
        "--out", "-o", help="The file; - writes to a pipe.", show_default="SITE-vN.bundle.zip"
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite it.")]
Exported = Annotated[
    Path, typer.Argument(help="What tagger models export wrote; - reads standard input.")
]
NewSite = Annotated[bool, new_site_option()]
OnlySite = Annotated[str | None, site_option("Refuse a model of any other site.")]
OnlySha256 = Annotated[str | None, typer.Option(help="Refuse a file that has another SHA-256.")]
Promote = Annotated[bool, typer.Option("--promote", help="Make it live.")]
OlderThan = Annotated[
    float | None,
    typer.Option(min=0, max=36_500, help="Days.", show_default="the setting, or else 0"),
]
Keep = Annotated[
    int | None, typer.Option(min=0, help="How many of the newest stay.", show_default="the setting")
]


def add_change_commands(models: typer.Typer) -> None:
    """Add this file's commands to `tagger models`."""
    models.command("promote")(promote_model)
    models.command("rollback")(roll_back)
    models.command("export")(export_model)
    models.command("import")(import_model)
    models.command("prune")(prune_models)
    models.command("prune-predictions")(prune_predictions)


@command
def promote_model(
    site: Site, version: Number, *, which: RetagOption = None, as_json: AsJson = False
) -> None:
    """Make a model its site's live one; workers take it up at their next batch.

    It is loaded and tried first, so one that does not verify stays where it is.

    Example: tagger models promote --site stats 3
    """
    settings = start()
    engine = open_existing_database(settings)
    went = promote_tried(engine, settings, DatabaseClock(engine), site, version, which=which)
    _tell(went, as_json=as_json)


@command
def roll_back(site: Site, *, which: RetagOption = None, as_json: AsJson = False) -> None:
    """Make the model live again that was so before the present one; once more goes further back.

    It is loaded and tried first, so one that does not verify stays where it is.

    Example: tagger models rollback --site stats
    """
    settings = start()
    engine = open_existing_database(settings)
    went = roll_back_tried(engine, settings, DatabaseClock(engine), site, which=which)
    _tell(went, as_json=as_json)


def _tell(went: WentLive, *, as_json: bool) -> None:
    version, before = went.version, went.before
    if as_json:
        print_json(_as_json(went))
        return
    was = f"; version {before.version} was" if before and not version.live else ""
    out.print(f"{version.site} version {version.version} is live{was}.", highlight=False)
    if went.asked_again:
        out.print(f"Questions to be tagged again: {went.asked_again:,}.", highlight=False)


def _as_json(went: WentLive) -> dict[str, Any]:
    before = went.before.version if went.before else None
    told = {"site": went.version.site, "live": went.version.version, "before": before}
    return told | {"asked_again": went.asked_again}


@command
def export_model(
    site: Site,
    version: VersionOrLive = None,
    *,
    file: BundleFile = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Write a model to a file that another installation can import.

    Example: tagger models export --site stats 3 --out stats.zip
    """
    if as_json and str(file) == "-":
        raise typer.BadParameter("The model itself is on standard output: leave out --json.")
    engine = open_existing_database(start())
    with reading(engine) as connection:
        found = find_version(connection, site, version)
        path = file or Path(f"{site}-v{found.version}.bundle.zip")
        if str(path) == "-":
            _write_to_pipe(connection, found)
        else:
            with new_file(path, force=force, failure=ExportFailed) as unfinished:
                fetch_packed(connection, found, unfinished)
    if as_json:
        told = {"site": site, "version": found.version, "sha256": found.sha256}
        print_json(told | {"file": str(path), "bytes": path.stat().st_size})
        return
    say = err if str(path) == "-" else out
    place = "what was written" if str(path) == "-" else plain(str(path))
    say.print(f"{site} version {found.version} is in {place}", highlight=False)
    say.print(f"SHA-256: {found.sha256}", highlight=False)


def _write_to_pipe(connection: Connection, version: registry.Version) -> None:
    """Write a model to standard output, which is no terminal."""
    if sys.stdout.isatty():
        raise ExportFailed("A model is nothing to read: end the command with > FILE, or a pipe.")
    with TemporaryDirectory(prefix="export-") as folder:
        packed = Path(folder) / "bundle.zip"
        fetch_packed(connection, version, packed)
        with packed.open("rb") as source:
            shutil.copyfileobj(source, sys.stdout.buffer)
    sys.stdout.buffer.flush()


@command
def import_model(
    file: Exported,
    *,
    site: OnlySite = None,
    new_site: NewSite = False,
    sha256: OnlySha256 = None,
    promote: Promote = False,
    which: RetagOption = None,
    as_json: AsJson = False,
) -> None:
    """Take in a model from a file; it is tried first, in a process of its own.

    Example: tagger models import stats.zip --site stats --promote
    """
    del new_site  # the site's own option has read it
    settings = start()
    engine = open_database(settings)
    clock = DatabaseClock(engine)
    with copy_of_bundle_file(file) as copy:
        packed = inspect(copy, site=site, sha256=sha256)
        with reading(engine) as connection:
            known = registry.find_packed(connection, packed.manifest.site, packed.sha256)
        if known is None:
            try_bundle(packed.path)
        now = clock.now()
        with engine.begin() as connection:
            version, new = registry.publish(connection, packed, now=now)
    went = None
    if promote:
        went = promote_tried(engine, settings, clock, version.site, version.version, which=which)
    if as_json:
        told = {"site": version.site, "version": version.version, "is_new": new}
        print_json(told | {"went_live": _as_json(went) if went else None})
    else:
        _tell_imported(version, went, new=new)


def _tell_imported(version: registry.Version, went: WentLive | None, *, new: bool) -> None:
    if new:
        out.print(f"{version.site} version {version.version} is imported.", highlight=False)
    else:
        out.print(f"{version.site} has it already: version {version.version}.", highlight=False)
    if went is not None:
        _tell(went, as_json=False)
    elif not version.live:
        out.print(
            f"Make it live with: tagger models promote --site {version.site} {version.version}"
        )


@command
def prune_models(site: Site, *, keep: Keep = None, as_json: AsJson = False) -> None:
    """Delete old models, but for the live one, the newest, and the one to roll back to.

    Their figures and what they predicted stay.

    Example: tagger models prune --site stats --keep 3
    """
    settings = start()
    engine = open_existing_database(settings)
    count = settings.keep_versions if keep is None else keep
    now = DatabaseClock(engine).now()
    with engine.begin() as connection:
        gone = registry.prune(connection, site, keep=count, now=now)
    if as_json:
        print_json({"site": site, "pruned": [version.version for version in gone]})
        return
    numbers = ", ".join(str(version.version) for version in gone)
    out.print(f"{plain(site)}: pruned {numbers or 'none'}.", highlight=False)


@command
def prune_predictions(site: Site, *, older_than: OlderThan = None, as_json: AsJson = False) -> None:
    """Delete what pruned models have predicted, where a newer prediction stands.

    Those of questions that were reviewed stay, and those not yet counted into the live agreement.

    Example: tagger models prune-predictions --site stats --older-than 90
    """
    settings = start()
    engine = open_existing_database(settings)
    days = settings.keep_predictions_days if older_than is None else older_than
    before = DatabaseClock(engine).now() - timedelta(days=days or 0)
    deleted = prune_pages(engine, before=before, site=site)
    if as_json:
        print_json({"site": site, "deleted": deleted})
    else:
        out.print(f"{plain(site)}: predictions deleted: {deleted:,}", highlight=False)
