"""The commands on results."""

import sys
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer

import review.notify.cli
import review.web.cli
from core.console import command, open_database, out, read_since, site_option, start
from core.database.engine import reading
from core.since import EXAMPLES
from review.formats import as_json_lines, as_table, write_csv
from review.results import Filter, find_results


class Format(StrEnum):
    """How results are shown."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def add_commands(app: typer.Typer) -> None:
    """Add this part's commands."""
    app.command("results")(results)
    review.web.cli.add_commands(app)
    review.notify.cli.add_commands(app)


@command
def results(
    site: Annotated[str | None, site_option("Only this site.")] = None,
    tag: Annotated[
        str | None, typer.Option(help="Only questions for which this tag is suggested.")
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(
            parser=read_since,
            metavar="TIME",
            help=f"Only questions tagged since this time (of UTC): {EXAMPLES}.",
        ),
    ] = None,
    min_probability: Annotated[
        float | None, typer.Option(min=0, max=1, help="Lowest probability of a tag to show.")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="Most questions to show.  [default: 20 for a table, else all]"),
    ] = None,
    form: Annotated[Format, typer.Option("--format", "-f", help="Output format.")] = Format.TABLE,
) -> None:
    """Show tagged questions, the newest prediction first.

    Example: tagger results --site stats --tag regression --format csv > results.csv
    """
    engine = open_database(start())
    chosen = Filter(
        site=site,
        tag=tag,
        since=since,
        min_probability=min_probability,
    )
    if limit is None and form is Format.TABLE:
        limit = 20
    with reading(engine) as connection:
        found = find_results(connection, chosen, limit=limit)
        match form:
            case Format.TABLE:
                out.print(as_table(found))
            case Format.CSV:
                write_csv(found, sys.stdout)
            case Format.JSON:
                for line in as_json_lines(found):
                    sys.stdout.write(line + "\n")
