"""The commands on results."""

import sys
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.engine import Connection

import review.notify.cli
import review.web.cli
from core.console import (
    command,
    complete_tags,
    err,
    open_existing_database,
    out,
    since_option,
    start,
    stored_site_option,
)
from core.database.clock import DatabaseClock
from core.database.engine import reading
from core.database.known_sites import list_stored
from core.database.known_tags import find_tag
from review.results.cursor import SETTLED_AFTER, Place, keep_place, read_place
from review.results.find import Filter, Match, Result, find_results, is_anything_tagged
from review.results.formats import write_csv, write_json, write_json_lines
from review.results.table import show_table

SHOWN = 20  # questions of a table


class Format(StrEnum):
    """How results are shown."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    JSON_LINES = "jsonl"


def add_commands(app: typer.Typer) -> None:
    """Add this part's commands."""
    app.command("results")(results)
    review.web.cli.add_commands(app)
    review.notify.cli.add_commands(app)


Sites = Annotated[list[str] | None, stored_site_option("Only this site; can be repeated.")]
Tags = Annotated[
    list[str] | None,
    typer.Option(
        "--tag",
        "-t",
        autocompletion=complete_tags,
        help="Only questions for which this tag is suggested; can be repeated.",
    ),
]
TagMatch = Annotated[
    Match, typer.Option(help="Whether any of several --tag is suggested, or all of them.")
]
Since = Annotated[datetime | None, since_option("Only questions tagged since this time")]
MinProbability = Annotated[
    float | None, typer.Option(min=0, max=1, help="Lowest probability of a tag to show.")
]
WithoutSuggestion = Annotated[
    bool, typer.Option("--without-suggestion", help="Only questions that got no suggested tag.")
]
Disagrees = Annotated[
    bool,
    typer.Option(
        "--disagrees", help="Only questions with a suggested tag that their author did not choose."
    ),
]
Limit = Annotated[
    int | None,
    typer.Option(
        min=1, help="Most questions to show.", show_default=f"{SHOWN} for a table, else all"
    ),
]
CursorFile = Annotated[
    Path | None,
    typer.Option(
        dir_okay=False,
        help="Only what came since the last export with this file, the oldest first; the file "
        "keeps the place. What was tagged within the last minute comes next time.",
    ),
]


@command
def results(  # noqa: PLR0913 (options)
    site: Sites = None,
    tag: Tags = None,
    match: TagMatch = "any",
    since: Since = None,
    min_probability: MinProbability = None,
    *,
    without_suggestion: WithoutSuggestion = False,
    disagrees: Disagrees = False,
    limit: Limit = None,
    form: Annotated[Format, typer.Option("--format", "-f", help="Output format.")] = Format.TABLE,
    cursor_file: CursorFile = None,
) -> None:
    """Show tagged questions, the newest prediction first.

    Example: tagger results --tag regression --since 2d --format csv > results.csv
    """
    if without_suggestion and (tag or disagrees or min_probability is not None):
        raise typer.BadParameter(
            "--without-suggestion goes with none of --tag, --disagrees and --min-probability."
        )
    engine = open_existing_database(start())
    is_first = cursor_file is None or not cursor_file.exists()
    after = until = None
    if cursor_file is not None:
        now = DatabaseClock(engine).now()
        after, until = read_place(cursor_file, now=now), now - SETTLED_AFTER
    with reading(engine) as connection:
        chosen = Filter(
            sites=tuple(site or ()),
            tags=tuple(find_tag(connection, one, sites=site or ()) for one in tag or ()),
            match=match,
            since=since,
            min_probability=min_probability,
            without_suggestion=without_suggestion,
            disagrees=disagrees,
            after=after,
            until=until,
        )
        found = _Followed(find_results(connection, chosen, limit=limit or _usual_limit(form)))
        _show(connection, found, chosen, form, header=is_first)
    if cursor_file is not None and after is not None:
        sys.stdout.flush()
        keep_place(cursor_file, found.last or after)


def _usual_limit(form: Format) -> int | None:
    return SHOWN if form is Format.TABLE else None


class _Followed:
    """Results as they come, and how far they have come."""

    def __init__(self, results: Iterator[Result]) -> None:
        self._results = results
        self.last: Place | None = None

    def __iter__(self) -> Iterator[Result]:
        for result in self._results:
            yield result
            self.last = result.place


def _show(
    connection: Connection, found: _Followed, chosen: Filter, form: Format, *, header: bool
) -> None:
    match form:
        case Format.TABLE:
            several = len(chosen.sites or list_stored(connection)) > 1
            count = show_table(found, out, with_sites=several)
            _tell_count(connection, count)
        case Format.CSV:
            write_csv(found, sys.stdout, header=header)
        case Format.JSON:
            write_json(found, sys.stdout)
        case Format.JSON_LINES:
            write_json_lines(found, sys.stdout)


def _tell_count(connection: Connection, count: int) -> None:
    """Say why a table is empty, or that there may be more."""
    if count == SHOWN:
        err.print(f"These are {SHOWN}; --limit shows more.", highlight=False)
    elif count == 0 and is_anything_tagged(connection):
        out.print("No results: none of the tagged questions is as asked for.")
    elif count == 0:
        out.print("No results: no question is tagged yet. See: tagger status")
