"""Commands of the database: its tables, and backups of it."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.console import Console
from sqlalchemy import Engine

from core.addresses import shown_address
from core.clock import SystemClock
from core.console import (
    command,
    err,
    fail,
    json_option,
    open_database,
    out,
    plain,
    print_json,
    start,
)
from core.database.backup.format import Summary
from core.database.backup.restoring import restore_backup
from core.database.backup.writing import check_backup, save_backup, write_backup
from core.database.engine import make_engine, reading
from core.database.existing import open_existing
from core.database.migrate import current_revision
from core.errors import BackupRefused
from core.parts.retry import until_reachable
from core.settings import Settings, misspelt_variables
from core.wording import counted
from ops.roles import set_up_roles
from ops.site_merge import merge_sites

log = logging.getLogger(__name__)

PIPE = Path("-")

AsJson = Annotated[bool, json_option()]


def add_commands(app: typer.Typer) -> None:
    """Add these commands as a group."""
    database = typer.Typer(help="The database: its tables, and backups.", no_args_is_help=True)
    database.command("upgrade")(upgrade_database)
    database.command("backup")(back_up)
    database.command("restore")(restore)
    database.command("check")(check)
    app.add_typer(database, name="db")


@command
def upgrade_database(
    *,
    wait: Annotated[
        float, typer.Option(min=0, max=3600, help="Seconds to wait for a database that is away.")
    ] = 0,
    env_file: Annotated[
        Path | None,
        typer.Option(help="A file such as .env, to warn of names in it that are no settings."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Bring the database's tables up to date; services also do it when they start.

    Sites that earlier versions stored under another spelling, as Stats, get the API's name, which
    tagger up does too. On Postgres, the roles tagger_service and tagger_reader are made where the
    settings have passwords for them.

    Example: tagger db upgrade
    """
    settings = start()
    for line in misspelt_variables(env_file) if env_file else ():
        log.warning("%s", line)
    engine = until_reachable(lambda: open_database(settings), most_seconds=wait)
    notes = err if as_json else out
    merge_misnamed_sites(engine, notes)
    roles = _set_up_roles(engine, settings, notes)
    address = shown_address(engine.url)
    if as_json:
        with reading(engine) as connection:
            revision = current_revision(connection)
        print_json({"database": address, "revision": revision, "roles": roles})
        return
    out.print(f"The tables of {address} are up to date.", soft_wrap=True)


def _set_up_roles(engine: Engine, settings: Settings, terminal: Console) -> list[str]:
    """Say what the roles may, where there are any, or passwords for them; return which."""
    passwords = (settings.database_service_password, settings.database_reader_password)
    made = set_up_roles(engine, service=passwords[0], reader=passwords[1])
    if made:
        terminal.print(f"Roles: {', '.join(made)}.", soft_wrap=True)
    return made


@command
def back_up(
    file: Annotated[Path, typer.Argument(help="A new file; - is standard output.")],
    without_models: Annotated[
        bool, typer.Option("--without-models", help="Leave the models out: most of its size.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Let it take the place of another file.")
    ] = False,
    *,
    as_json: AsJson = False,
) -> None:
    """Write all that the database holds to a file, as of one moment; services go on meanwhile.

    The file is read back before it takes its place, and its owner alone can read it. Either kind
    of database takes it: SQLite's into Postgres, too.

    Example: tagger db backup tagger.backup.gz
    """
    engine = open_existing(start().database)  # at whatever revision: one upgrades after a backup
    now, models = SystemClock().now(), not without_models
    if file == PIPE:
        if sys.stdout.isatty():
            fail("A backup is no text: send it to a file or a pipe, as in … - > tagger.backup.gz")
        if as_json:
            raise typer.BadParameter("The backup itself is on standard output: leave out --json.")
        written = write_backup(engine, sys.stdout.buffer, now=now, models=models)
        sys.stdout.buffer.flush()
        err.print(f"{written}.", highlight=False)
        return
    written = save_backup(engine, file, now=now, models=models, force=force)
    size = file.stat().st_size
    if as_json:
        print_json({**asdict(written), "file": str(file), "bytes": size})
        return
    told = f"{written}, {size / 1e6:,.1f} MB: {plain(str(file))}, read back and whole."
    out.print(told, soft_wrap=True, highlight=False)


@command
def restore(
    file: Annotated[Path, typer.Argument(help="A backup; - is standard input.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Delete what the database holds.")
    ] = False,
    *,
    as_json: AsJson = False,
) -> None:
    """Bring a backup back into an empty database of either kind: all of it, or nothing.

    Of a backup without models, sites train theirs anew. Log-ins on the review page end.

    Example: TAGGER_DATABASE_URL=postgresql+psycopg://… tagger db restore tagger.backup.gz
    """
    settings = start()
    with _opened(file) as (source, name):
        engine = make_engine(settings.database)  # which makes its folder
        restored = restore_backup(engine, source, name, now=SystemClock().now(), replace=replace)
    notes = err if as_json else out
    merge_misnamed_sites(engine, notes)
    _set_up_roles(engine, settings, notes)
    address = shown_address(engine.url)
    if as_json:
        print_json({**asdict(restored), "database": address})
        return
    told = f"{restored} as of {_shown(restored)} are in {address}."
    out.print(told, soft_wrap=True, highlight=False)


@command
def check(
    file: Annotated[Path, typer.Argument(help="A backup; - is standard input.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Read a backup from its beginning to its end, and say what it holds.

    Example: tagger db check tagger.backup.gz
    """
    start()
    with _opened(file) as (source, name):
        found = check_backup(source, name)
    if as_json:
        print_json(asdict(found))
        return
    models = "with" if found.header.models else "without"
    told = (
        f"A whole backup: {found}, {models} models, as of {_shown(found)}, of "
        f"{plain(found.header.database)} at revision {plain(found.header.revision)}."
    )
    out.print(told, soft_wrap=True, highlight=False)


@contextmanager
def _opened(file: Path) -> Iterator[tuple[BinaryIO, str]]:
    if file == PIPE:
        yield sys.stdin.buffer, "on standard input"
        return
    try:
        with file.open("rb") as source:
            yield source, str(file)
    except OSError as error:
        raise BackupRefused(f"The file {file} cannot be read: {error.strerror}.") from None


def _shown(backup: Summary) -> str:
    return plain(backup.header.made_at.replace("T", " ").replace("+00:00", " UTC"))


def merge_misnamed_sites(engine: Engine, terminal: Console = out) -> None:
    """Give sites that earlier versions stored under another spelling the API's names."""
    for merged in merge_sites(engine, SystemClock()):
        line = f"{merged.old} is called {merged.new} now: {counted(merged.questions, 'question')}"
        if merged.twins:
            line += f", {merged.twins:,} of which were there under both names"
        terminal.print(f"{plain(line)}.", soft_wrap=True)
