"""The command that shows the reports of training runs."""

import os
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.table import Table
from sqlalchemy.engine import Connection

from core.console import (
    command,
    complete_versions,
    one_site_option,
    open_existing_database,
    out,
    plain,
    print_json,
    start,
)
from core.database.engine import reading
from core.errors import ExportFailed
from core.service.runs import RunRow, list_runs
from core.settings import Settings
from trainer.report.store import load_report

Site = Annotated[str, one_site_option("The site, by the API's name.")]
RunNumber = Annotated[
    int | None, typer.Argument(help="Run number.", show_default="the newest with a report")
]
OfVersion = Annotated[
    int | None,
    typer.Option(
        min=1,
        autocompletion=complete_versions,
        help="Model version whose training run is shown.",
    ),
]
ShowList = Annotated[bool, typer.Option("--list", "-l", help="List the site's runs instead.")]
File = Annotated[
    Path | None,
    typer.Option(
        "--out",
        "-o",
        dir_okay=False,
        allow_dash=True,
        help="File of the report; - prints it.",
        show_default="under data/",
    ),
]
Show = Annotated[
    bool,
    typer.Option("--open/--no-open", help="Open the report in the browser, where there is one."),
]

AsJson = Annotated[bool, typer.Option("--json", help="List the site's runs as JSON.")]


@command
def report(
    site: Site,
    run: RunNumber = None,
    *,
    version: OfVersion = None,
    show_list: ShowList = False,
    file: File = None,
    show: Show = True,
    as_json: AsJson = False,
) -> None:
    """Write the report of a training run to an HTML file and open it, or print it.

    Example: tagger models report --site stats --out - > report.html
    """
    settings = start()
    with _connected(settings) as connection:
        if show_list or as_json:
            runs = list_runs(connection, site)[::-1]
            _print_runs(site, runs, as_json=as_json)
            return
        number, html = load_report(connection, site, run=run, version=version)
    if file is not None and str(file) == "-":
        sys.stdout.buffer.write(html.encode())
        return
    name = f"{quote(site, safe='')}-run-{number}.html"
    path = file or settings.data_dir / "reports" / name
    _write(path, html)
    out.print(f"The report of run {number}: {path}", soft_wrap=True, highlight=False, markup=False)
    if show and _has_browser():
        webbrowser.open(path.resolve().as_uri())


def _write(path: Path, html: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(html, encoding="utf-8")
    except OSError as error:
        raise ExportFailed(
            f"The report cannot be written to {path}: {error.strerror}. "
            "Name another file with --out, or let --out - print it."
        ) from None


@contextmanager
def _connected(settings: Settings) -> Iterator[Connection]:
    engine = open_existing_database(settings)
    try:
        with reading(engine) as connection:
            yield connection
    finally:
        engine.dispose()


def _has_browser() -> bool:
    """Whether a page can be shown: elsewhere a browser of text might take over the terminal."""
    if sys.platform in ("darwin", "win32"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))


def _as_json(run: RunRow) -> dict[str, Any]:
    """What programs read of a run: what the table shows."""
    return {
        "run": run.id,
        "started_at": run.started_at,
        "outcome": run.outcome,
        "version": run.version,
        "note": run.note,
        "has_report": run.has_report,
    }


def _print_runs(site: str, runs: list[RunRow], *, as_json: bool) -> None:
    if as_json:
        print_json([_as_json(run) for run in runs])
        return
    if not runs:
        out.print(f"No training has run for {plain(site)} yet.", highlight=False)
        return
    table = Table(box=None, header_style="bold")
    for column in ("run", "version"):
        table.add_column(column, justify="right", no_wrap=True)
    for column in ("started", "outcome", "report"):
        table.add_column(column, no_wrap=True)
    table.add_column("why", overflow="fold")
    for run in runs:
        table.add_row(
            str(run.id),
            str(run.version or ""),
            f"{run.started_at:%Y-%m-%d %H:%M}",
            run.outcome or "running",
            "yes" if run.has_report else "",
            plain(run.note),
        )
    out.print(table)
