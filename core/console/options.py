"""Options and arguments that several commands have, and how what is typed for them is read."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar, cast

import typer
from sqlalchemy import Engine

from core.clock import SystemClock
from core.console.commands import fail
from core.console.completion import complete_sites
from core.console.since import EXAMPLES, parse_since
from core.database.existing import open_existing
from core.database.known_sites import check_site, choose_site, find_site, find_stored_site
from core.errors import DatabaseMissing, TaggerError, UnknownSite
from core.settings import DEFAULTS, Settings, load_settings
from core.site_names import is_site_of_network, site_name

T = TypeVar("T", str | None, list[str] | None)

_NEW_SITE, _NEW_SITE_OPTION = "new_site", "--new-site"


def since_option(told: str) -> Any:
    """Return the option by which a command is told a time, however a person writes it."""
    return typer.Option(
        parser=_read_since, metavar="TIME", help=f"{told} (UTC where no zone is named): {EXAMPLES}."
    )


def _read_since(text: str) -> datetime:
    """The time that somebody typed.

    Raises:
        typer.BadParameter: it is none.
    """
    try:
        return parse_since(text, now=SystemClock().now())
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def site_option(told: str, *, show_default: bool | str = True) -> Any:
    """Return the option by which a command is told a site, which need not be stored yet."""
    return typer.Option(
        "--site",
        "-s",
        callback=_read_known_site,
        autocompletion=complete_sites,
        show_default=show_default,
        help=told,
    )


def any_site_option(told: str) -> Any:
    """Return the option that names sites, of which the command finds out whether they exist."""
    return typer.Option(
        "--site", "-s", callback=_read_site, autocompletion=complete_sites, help=told
    )


def stored_site_option(told: str) -> Any:
    """Return the option that names a site, or several, of which something is stored."""
    return typer.Option(
        "--site", "-s", callback=_read_stored_site, autocompletion=complete_sites, help=told
    )


def one_site_option(told: str) -> Any:
    """Return the option that names the one stored site that a command is about.

    It may be left out where there is one site only.
    """
    return typer.Option(
        "--site",
        "-s",
        callback=_read_one_site,
        autocompletion=complete_sites,
        default_factory=str,
        show_default="the only one",
        help=told,
    )


def json_option() -> Any:
    """Return the flag with which a command answers programs."""
    return typer.Option("--json", help="Print JSON, for programs.")


def new_site_option() -> Any:
    """Return the flag with which site_option() takes a site that is not known."""
    return typer.Option(
        _NEW_SITE_OPTION,
        is_eager=True,  # before the site
        help="Take a name that is nearly another site's for a site of your own.",
    )


def _read_site(context: typer.Context, given: T) -> T:
    """Return a site's name, or each of several, as the API has it; ends the command where none."""
    return given if context.resilient_parsing else _each(_named, given)


def _read_known_site(context: typer.Context, given: T) -> T:
    """Return the API's name of a site that there is, or of one's own.

    Ends the command where it is no site's name, or there is no such site; where there may be new
    ones, where it is nearly another's, and --new-site is not given. Says which may be meant.
    """
    if context.resilient_parsing:  # of a shell that completes
        return given
    if context.params.get(_NEW_SITE):
        return _each(_named, given)
    takes_new = any(parameter.name == _NEW_SITE for parameter in context.command.params)
    return _each(lambda site: _known(site, takes_new=takes_new), given)


def _read_stored_site(context: typer.Context, given: T) -> T:
    """Return the API's name of a site, or of each of several, of which something is stored.

    Ends the command where it is another; says which are.
    """
    if context.resilient_parsing or not given:
        return given
    with _stored() as (engine, own):
        if engine is None:  # the command itself says what is wrong
            return _each(_named, given)
        return _each(lambda site: find_stored_site(engine, site, own=own), given)


def _read_one_site(context: typer.Context, given: str) -> str:
    """Return the name of the stored site that is named, or that is meant where none is."""
    if context.resilient_parsing:
        return given
    with _stored() as (engine, own):
        if engine is None:
            return given or next(iter(own), "")
        try:
            return _one_site(engine, given, own)
        except UnknownSite as error:
            fail(str(error))


def _one_site(engine: Engine, given: str, own: tuple[str, ...]) -> str:
    if given:
        return find_stored_site(engine, given, own=own)
    return choose_site(engine, own or DEFAULTS.sites, are_set=bool(own))


def stored_site(engine: Engine, settings: Settings, given: str | None) -> str:
    """Return the stored site that is named, or that is meant where none is.

    For commands that may be told files instead, whose option is site_option().

    Raises:
        UnknownSite: nothing of it is stored, or none is named of several; says which there are.
    """
    return _one_site(engine, given or "", _set_sites(settings))


def only_set_site(settings: Settings, *, refuse_alike: bool = False) -> str | None:
    """The site that is meant by questions which name none: the only one that somebody has set.

    What is stored does not count here: new questions may be of another site.

    Args:
        settings: name it, or others, or none.
        refuse_alike: whether it is refused where nothing of it is stored and it is nearly another.

    Raises:
        UnknownSite: it is refused; says which may have been meant.
    """
    own = _set_sites(settings)
    if len(own) != 1:
        return None
    if refuse_alike:
        _refuse_alike(settings, own[0])
    return own[0]


def _refuse_alike(settings: Settings, site: str) -> None:
    """Refuse a site of the settings, which no poller may have checked yet."""
    try:
        with _engine_if_there(settings) as engine:
            check_site(engine, site, own=(), new_by=_NEW_SITE_OPTION)
    except UnknownSite as error:
        raise UnknownSite(f"TAGGER_SITES: {error}") from None


def _set_sites(settings: Settings) -> tuple[str, ...]:
    """The sites of the settings, where somebody has set them."""
    return settings.sites if "sites" in settings.model_fields_set else ()


@contextmanager
def _stored() -> Iterator[tuple[Engine | None, tuple[str, ...]]]:
    """The settings' database, where there is one that answers; sites that somebody has set."""
    engine: Engine | None = None
    own: tuple[str, ...] = ()
    try:
        settings = load_settings()
        own = _set_sites(settings)
        engine = open_existing(settings.database)
    except TaggerError:  # the command itself says what is wrong
        pass
    try:
        yield engine, own
    finally:
        if engine is not None:
            engine.dispose()


def check_known(site: str) -> None:
    """Refuse a site that is not known and nearly is another, where --new-site takes any.

    Raises:
        UnknownSite: there is none; says which may have been meant.
    """
    _known(site, takes_new=True)


def _each(read: Callable[[str], str], given: T) -> T:
    """What is read of a site's name, or of each of several; ends the command where one is wrong."""
    try:
        if isinstance(given, str):
            return cast("T", read(given))
        if isinstance(given, list):
            return cast("T", list(dict.fromkeys(map(read, given))))
    except UnknownSite as error:
        fail(str(error))
    return given


def _known(given: str, *, takes_new: bool) -> str:
    """The API's name of a site that there is; where the database cannot be asked, of any."""
    with suppress(ValueError):
        site = site_name(given)
        if is_site_of_network(site):
            return site
    new_by = _NEW_SITE_OPTION if takes_new else None
    try:
        settings = load_settings()
        with _engine_if_there(settings) as engine:
            return find_site(engine, given, own=settings.sites, new_by=new_by)
    except UnknownSite:
        raise
    except TaggerError:  # the command itself says what is wrong
        return _named(given)


@contextmanager
def _engine_if_there(settings: Settings) -> Iterator[Engine | None]:
    try:
        engine = open_existing(settings.database)
    except DatabaseMissing:
        yield None
        return
    try:
        yield engine
    finally:
        engine.dispose()


def _named(given: str) -> str:
    try:
        return site_name(given)
    except ValueError as error:
        raise UnknownSite(f"{error}.") from None


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
