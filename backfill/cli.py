"""`tagger backfill`: a whole dump at once."""

import re
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from core.console import (
    command,
    err,
    json_option,
    new_site_option,
    out,
    print_json,
    question_files_argument,
    site_option,
    start,
)
from core.errors import ScaleNotInstalled

NEEDED = ("pandas", "pyarrow", "ray")

_ADDRESS = re.compile(r"[^/\s]+:\d{1,5}")


def add_commands(app: typer.Typer) -> None:
    """Add this part's commands."""
    app.command("backfill")(backfill)


def _address(address: str | None) -> str | None:
    if address is not None and not _ADDRESS.fullmatch(address):
        raise typer.BadParameter(
            "name the cluster's own address, such as 10.0.0.1:6379, on one of its machines"
        )
    return address


Files = Annotated[list[Path], question_files_argument()]
Out = Annotated[
    Path, typer.Option("--out", "-o", file_okay=False, help="Folder of the shards; made if needed.")
]
Model = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        dir_okay=False,
        help="Bundle that tagger models export wrote; no database is needed.",
        show_default="the site's live model",
    ),
]
NewSite = Annotated[bool, new_site_option()]
Site = Annotated[str | None, site_option("The site.", show_default="the bundle's, or the only one")]
Address = Annotated[
    str | None,
    typer.Option(
        callback=_address, help="Address of a Ray cluster, as 10.0.0.1:6379.", show_default="none"
    ),
]
Load = Annotated[bool, typer.Option("--load", help="Put predictions into the database, too.")]
MinProbability = Annotated[
    float | None,
    typer.Option(min=0, max=1, help="Load only questions with a suggested tag this probable."),
]
NewestDays = Annotated[
    float | None,
    typer.Option(min=0, max=36_500, help="Load only questions of the last days of the files."),
]
AsJson = Annotated[bool, json_option()]


@command
def backfill(  # noqa: PLR0913 (a command's options)
    files: Files,
    out_folder: Out,
    model: Model = None,
    site: Site = None,
    address: Address = None,
    *,
    new_site: NewSite = False,
    load: Load = False,
    min_probability: MinProbability = None,
    newest_days: NewestDays = None,
    as_json: AsJson = False,
) -> None:
    """Tag all questions of files at once, on all cores, without a database.

    Shards of questions and of predictions appear in the folder, as Parquet, each whole or not at
    all: the same command again does what is missing.

    Example: tagger backfill stackoverflow.com-Posts.7z --out predictions --model stackoverflow.zip
    """
    del new_site  # the site's own option has read it
    if not load and (min_probability is not None or newest_days is not None):
        raise typer.BadParameter("--min-probability and --newest-days say what --load loads.")
    _check_installed()
    from backfill.load import Wanted  # noqa: PLC0415 (with Parquet's library)
    from backfill.run import Work, run  # noqa: PLC0415

    wanted = Wanted(min_probability, newest_days) if load else None
    terminal = err if as_json else out
    work = Work(tuple(files), out_folder, model, site, address, wanted, terminal=terminal)
    done = run(start(), work)
    if as_json:
        print_json(asdict(done))


def _check_installed() -> None:
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise ScaleNotInstalled(
            f"A backfill needs packages that are not installed here ({', '.join(missing)}). "
            'Install them in the checkout with: pip install ".[scale]"'
        )
