"""`tagger import`: questions from files into the database."""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from celery import Celery
from rich.table import Column, Table
from sqlalchemy import Engine

from core.broker.feeding import refill
from core.broker.queue import make_celery
from core.clock import Clock
from core.console import (
    bytes_progress,
    check_known,
    command,
    err,
    fail,
    json_option,
    new_site_option,
    only_set_site,
    open_database,
    out,
    plain,
    print_json,
    question_files_argument,
    site_option,
    start,
    with_hint,
)
from core.database.clock import DatabaseClock
from core.errors import BrokerUnreachable
from core.questions.files import open_all
from core.settings import Settings
from importer.broken_rows import BrokenRows, open_broken_rows
from importer.load import Tally, import_rows

COUNTS = ("read", "new", "changed", "unchanged", "broken")


def add_commands(app: typer.Typer) -> None:
    """Add this part's commands."""
    app.command("import")(import_questions)


@command
def import_questions(
    files: Annotated[
        list[Path],
        question_files_argument(through_pipes=True),
    ],
    site: Annotated[
        str | None,
        site_option(
            "The site's name in the API, such as stats. JSON may do without, where each "
            "question names its own, and dumps that are named by their site's address. Questions "
            "that name another site are refused as broken, dumps of another one at once.",
            show_default="what the questions name, or the only one of TAGGER_SITES",
        ),
    ] = None,
    *,
    new_site: Annotated[bool, new_site_option()] = False,
    tag: Annotated[
        bool,
        typer.Option(
            "--tag", help="Have the questions tagged, too; otherwise they are the training corpus."
        ),
    ] = False,
    errors: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False, help="Write all broken rows into this CSV file: file, line, reason."
        ),
    ] = None,
    as_json: Annotated[bool, json_option()] = False,
) -> None:
    """Import questions from files. Importing a file again changes nothing.

    A row that cannot be used is counted and reported with its line, and the rest is imported. A
    question that is known with a later activity is left as it is. The exit status is 0 when
    something was imported, and 1 when nothing could be, or when the file of --errors took no more.

    Example: tagger import stats.stackexchange.com.7z --site stats
    """
    settings = start()
    default_site = None if site else only_set_site(settings, refuse_alike=not new_site)
    with bytes_progress("Importing", files) as on_position, open_broken_rows(errors) as broken:
        check = None if new_site else check_known
        sources = open_all(
            files,
            site=site,
            default_site=default_site,
            check_site=check,
            on_position=on_position,
        )
        engine = open_database(settings)
        clock = DatabaseClock(engine)
        into_database = partial(
            import_rows,
            engine,
            clock=clock,
            request_tagging=tag,
            on_broken=broken.add,
            on_requested=_Refiller(engine, settings, clock),
        )
        results = [(path, into_database(rows)) for path, rows in sources]
        engine.dispose()
    _report(results, broken, errors, as_json=as_json)


class _Refiller:
    """Refills the queue; says once that the broker is away, and leaves it at that."""

    def __init__(self, engine: Engine, settings: Settings, clock: Clock) -> None:
        self._engine = engine
        self._settings = settings
        self._clock = clock
        self._app: Celery | None = None
        self._is_away = False

    def __call__(self, _site: str, _pks: Sequence[int]) -> None:
        if self._is_away:
            return
        self._app = self._app or make_celery(self._settings)
        try:
            refill(self._engine, self._app, self._settings, self._clock)
        except BrokerUnreachable as error:
            self._is_away = True
            say(with_hint(error))


def _report(
    results: Sequence[tuple[Path, Tally]],
    broken: BrokenRows,
    errors: Path | None,
    *,
    as_json: bool,
) -> None:
    """Print what became of the rows; end with a failure where nothing was imported."""
    total = sum((tally for _, tally in results), Tally())
    if as_json:
        files = [{"file": str(path), **_counts(tally)} for path, tally in results]
        print_json({"files": files, "together": _counts(total)})
    else:
        out.print(_table([*results, *([(Path("together"), total)] if len(results) > 1 else [])]))
    if total.repeated:
        say(f"Rows with the id of an earlier row, which they replaced: {total.repeated:,}.")
    for row in broken.first:
        say(f"  {row}")
    hidden = broken.count - len(broken.first)
    if hidden and errors is None:
        say(f"  Broken rows beside these: {hidden:,}; --errors FILE writes all of them.")
    elif errors is not None and broken.failure is None:
        say(f"Broken rows in {errors}: {broken.count:,}.")
    failures = [tally.failure for _, tally in results if tally.failure is not None]
    if not total.imported:
        failures = failures or ["Nothing was imported: no row could be used."]
    _tell_failures(failures, broken.failure, is_failed=not total.imported)


def _tell_failures(failures: Sequence[str], of_broken: str | None, *, is_failed: bool) -> None:
    """Say what went wrong; end with a failure where nothing was imported, or rows are untold."""
    told = [*failures, *([of_broken] if of_broken else [])]
    ends = is_failed or of_broken is not None
    for failure in told[:-1] if ends else told:
        say(failure)
    if ends:
        fail(told[-1])


def _counts(tally: Tally) -> dict[str, int]:
    return {name: getattr(tally, name) for name in COUNTS}


def _table(rows: Sequence[tuple[Path, Tally]]) -> Table:
    table = Table("file", *(Column(name, justify="right") for name in COUNTS))
    names = Counter(path.name for path, _ in rows)
    for path, tally in rows:
        name = path.name if names[path.name] == 1 else str(path)
        table.add_row(plain(name), *(f"{getattr(tally, name):,}" for name in COUNTS))
    return table


def say(message: str) -> None:
    """Print a line on standard error, as it is."""
    err.print(message, markup=False, highlight=False, soft_wrap=True)
