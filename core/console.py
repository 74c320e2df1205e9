"""What all commands share: the terminal, the settings they run with, errors in one line."""

import functools
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn, ParamSpec, TypeVar, cast

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from sqlalchemy import Engine

from core.child_process import follow
from core.clock import SystemClock
from core.database.engine import make_engine
from core.database.known_sites import find_site
from core.database.migrate import upgrade
from core.errors import DatabaseUnreachable, TaggerError, UnknownSite
from core.log import set_up_logging
from core.settings import Settings, load_settings
from core.since import parse_since
from core.site_names import is_site_of_network, site_name
from core.untrusted import printable

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T", str | None, list[str] | None)

_NEW_SITE, _NEW_SITE_OPTION = "new_site", "--new-site"

# Of numbers on the command line, as the databases' columns hold them: versions and such, and the
# sites' own numbers of questions.
LARGEST = 2**31 - 1
LARGEST_QUESTION = 2**63 - 1

FAILURE = 1  # exit status; wrong usage is 2, which Typer gives

# What a person can type about an error, by its class, with the error's attributes as {site}. The
# command line fills it, since only it knows the commands.
hints: dict[type[TaggerError], str] = {}


class _Console(Console):
    """A terminal that no text steers: control characters of what is printed never reach it.

    Texts are freed of them as they come, so that markup and widths reckon with what is shown, and
    whatever else is printed as it is rendered. What Rich itself does with the cursor passes.
    """

    def render_str(self, text: str, **options: Any) -> Text:
        """Render a text, with or without markup."""
        return super().render_str(printable(text), **options)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterator[Segment]:
        """Render anything."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else printable(text), _safe_link(style), control)


def _safe_link(style: Style | None) -> Style | None:
    """A style as it is, but for a link that could end the sequence it stands in."""
    link = None if style is None else style.link
    return style if style is None or link is None else style.update_link(printable(link))


out = _Console()
err = _Console(stderr=True)


def command(function: Callable[P, R]) -> Callable[P, R]:
    """Make a command end with one line and exit status 1 where the project's errors end it."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        _check_numbers(kwargs)
        try:
            return function(*args, **kwargs)
        except TaggerError as error:
            fail(with_hint(error))
        except KeyboardInterrupt:
            fail("Stopped.")
        except BrokenPipeError:  # whoever read the output has read enough
            sys.stderr.close()
            raise typer.Exit from None

    return run


def _check_numbers(given: Mapping[str, object]) -> None:
    """Refuse numbers that no column holds, and what is none.

    Raises:
        typer.BadParameter: one of them is.
    """
    for name, value in given.items():
        largest = LARGEST_QUESTION if name == "question_id" else LARGEST
        if isinstance(value, int | float) and not abs(value) <= largest:  # also for "nan"
            raise typer.BadParameter(
                f"{str(value)[:20]} is out of range for {name.replace('_', '-')}: "
                f"{largest:,} is the largest."
            )


def with_hint(error: TaggerError) -> str:
    """Return an error's line, with what a person can type about it where that is known."""
    known = next((hints[kind] for kind in type(error).__mro__ if kind in hints), "")
    return f"{error} {known.format_map(vars(error))}".rstrip()


def fail(message: str) -> NoReturn:
    """Print one line on standard error and end with the exit status of a failure."""
    err.print(f"[red]tagger:[/red] {plain(message)}", soft_wrap=True, highlight=False)
    raise typer.Exit(FAILURE)


def start() -> Settings:
    """Read the settings and set up logging: the first line of every command.

    A process that was started on a leash ends with its parent from here on.
    """
    follow()
    settings = load_settings()
    set_up_logging(settings)
    return settings


def plain(text: str) -> str:
    """A stranger's text as the terminal may show it: no control sequence, no markup."""
    return escape(" ".join(printable(text).split("\n")).replace("\t", " "))


def read_since(text: str) -> datetime:
    """The time that somebody typed for --since, as parser of a command's option.

    Raises:
        typer.BadParameter: it is none.
    """
    try:
        return parse_since(text, now=SystemClock().now())
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def read_site(given: T) -> T:
    """Return a site's name, or each of several, as the API has it: the callback of options.

    Raises:
        typer.BadParameter: it is no site's name; says which may have been meant.
    """
    try:
        if isinstance(given, str):
            return cast("T", _named(given))
        if isinstance(given, list):
            return cast("T", list(map(_named, given)))
    except UnknownSite as error:
        raise typer.BadParameter(str(error)) from None
    return given


def read_known_site(context: typer.Context, given: T) -> T:
    """Return the API's name of a site that there is, or of one's own: the callback of options.

    Raises:
        typer.BadParameter: it is no site's name, or there is no such site; where there may be new
            ones, it is nearly another's, and --new-site is not given. Says which may be meant.
    """
    if not isinstance(given, str) or context.params.get(_NEW_SITE):
        return read_site(given)
    takes_new = any(parameter.name == _NEW_SITE for parameter in context.command.params)
    try:
        return cast("T", _known(given, takes_new=takes_new))
    except UnknownSite as error:
        raise typer.BadParameter(str(error)) from None


def check_known(site: str) -> None:
    """Refuse a site that is not known and nearly is another, where --new-site takes any.

    Raises:
        UnknownSite: there is none; says which may have been meant.
    """
    _known(site, takes_new=True)


def _known(given: str, *, takes_new: bool) -> str:
    """The API's name of a site that there is; where the database cannot be asked, of any."""
    with suppress(ValueError):
        site = site_name(given)
        if is_site_of_network(site):
            return site
    new_by = _NEW_SITE_OPTION if takes_new else None
    try:
        settings = load_settings()
        engine = make_engine(settings.database)
    except TaggerError:  # the command itself says what is wrong with them
        return _named(given)
    try:
        return find_site(engine, given, own=settings.sites, new_by=new_by)
    except DatabaseUnreachable:
        return _named(given)  # as above
    finally:
        engine.dispose()


def _named(given: str) -> str:
    try:
        return site_name(given)
    except ValueError as error:
        raise UnknownSite(f"{error}.") from None


def site_option(told: str) -> Any:
    """Return the option by which a command is told a site, however a person names it."""
    return typer.Option("--site", "-s", callback=read_known_site, help=told)


def new_site_option() -> Any:
    """Return the flag with which site_option() takes a site that is not known."""
    return typer.Option(
        _NEW_SITE_OPTION,
        is_eager=True,  # before the site
        help="Take a name that is nearly another site's for a site of your own.",
    )


def question_files_argument(*, through_pipes: bool = False) -> Any:
    """Return the argument by which a command is told question files, of any format.

    Args:
        through_pipes: whether it says that they may be pipes; to others the command objects.
    """
    return typer.Argument(
        metavar="FILE...",
        callback=_read_files,
        help="Posts.xml of a data dump (as it is, .gz, or inside the .7z), Kaggle's "
        "Questions.csv with Tags.csv beside it, or JSON (lines, an array, or saved answers of "
        "the API). Also packed by gzip, bzip2 or xz"
        + (", and through pipes; - is standard input." if through_pipes else "."),
    )


def _read_files(paths: list[Path]) -> list[Path]:
    """Each file once. Typer's own check would look for a file that is called `-`."""
    for path in paths:
        if str(path) == "-":  # standard input
            continue
        if not path.exists():
            raise typer.BadParameter(f"{str(path)!r} is not there")
        if path.is_dir():
            raise typer.BadParameter(f"{str(path)!r} is a folder: name the files in it")
        if not os.access(path, os.R_OK):
            raise typer.BadParameter(f"{str(path)!r} may not be read")
    return list(dict.fromkeys(paths))


def end_on_sigterm() -> None:
    """Let SIGTERM and a closed terminal end this process as Ctrl-C does, with what it started."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: sys.exit(128 + received))


def open_database(settings: Settings) -> Engine:
    """Return an engine for the settings' database, its tables brought up to date.

    Raises:
        DatabaseUnreachable: it gives no answer.
        SchemaOutdated: it belongs to a newer version of the program.
    """
    engine = make_engine(settings.database)
    upgrade(engine)
    return engine


def progress(description: str, total: int | None = None) -> Progress:
    """A progress bar on standard error, on a terminal only."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    bar = Progress(*columns, console=err, disable=not err.is_terminal, transient=True)
    bar.add_task(description, total=total)
    return bar


@contextmanager
def bytes_progress(
    description: str, files: Sequence[Path]
) -> Iterator[Callable[[Path, int], None]]:
    """A progress bar over the bytes of all files on standard error, on a terminal only.

    Gives what is to be called with a file and how many bytes of it have been read.
    """
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()
    positions = dict.fromkeys(files, 0)
    total = sum(path.stat().st_size for path in files if path.is_file())  # a pipe does not say
    with Progress(*columns, console=err, disable=not err.is_terminal, transient=True) as bar:
        task = bar.add_task(description, total=total or None)

        def on_position(path: Path, position: int) -> None:
            positions[path] = position
            read = f"{description} {plain(path.name)}"
            bar.update(task, description=read, completed=sum(positions.values()))

        yield on_position
