"""The database: whether it is there, answers, is up to date, and lets others write."""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Engine, select, text
from sqlalchemy.engine import Connection

from core.addresses import shown_address
from core.database.api_tables import KnownSite
from core.database.engine import reading
from core.database.known_sites import check_site
from core.database.migrate import current_revision, known_revision, revisions
from core.errors import DatabaseError, DatabaseUnreachable, SchemaOutdated, UnknownSite
from core.service.backups import failure_lines
from core.settings import DEFAULTS
from ops.doctor.context import CheckContext, refuse_unusable
from ops.doctor.finding import Finding, from_error

SUBJECT = "database"

# Who waits for a lock, and by whom it is held. Of other users Postgres tells the number alone.
_BLOCKED: Final = text(
    """
    SELECT DISTINCT holder.pid, holder.application_name, holder.state
    FROM pg_stat_activity waiting
    CROSS JOIN LATERAL unnest(pg_blocking_pids(waiting.pid)) AS blocking(pid)
    JOIN pg_stat_activity holder ON holder.pid = blocking.pid
    WHERE waiting.datname = current_database()
    ORDER BY holder.pid
    """
)


def check_database(context: CheckContext) -> Iterator[Finding]:
    """Look whether it answers, at which revision its tables are, and who locks it."""
    try:
        engine = context.found_database()
    except DatabaseError as error:
        yield from_error(SUBJECT, error)
        return
    found = [*_revision(engine), *_locks(context, engine)]
    address = shown_address(engine.url)
    yield from found or [Finding(SUBJECT, "ok", f"{address}, at revision {revisions()[-1]}")]


def _revision(engine: Engine) -> Iterator[Finding]:
    with reading(engine) as connection:
        current = current_revision(connection)
        try:
            known_revision(connection)
        except SchemaOutdated as error:
            yield from_error(SUBJECT, error)
            return
    if current != revisions()[-1]:
        seen = f"the tables are at revision {current}, this program needs {revisions()[-1]}"
        fix = "Bring them up to date (docker-compose run --rm migrate, in the composition): "
        yield Finding(SUBJECT, "error", seen, f"{fix}tagger db upgrade")


def _locks(context: CheckContext, engine: Engine) -> Iterator[Finding]:
    file = context.sqlite_file
    if file is not None:
        try:
            refuse_unusable(file, "BEGIN IMMEDIATE")
        except DatabaseUnreachable as error:
            yield from_error(SUBJECT, error)
        return
    with reading(engine) as connection:
        yield from _blocked(connection)


def _blocked(connection: Connection) -> Iterator[Finding]:
    for pid, program, state in connection.execute(_BLOCKED):
        what = f"process {pid} ({program or 'unknown'}, {state or 'of another user'})"
        yield Finding(
            SUBJECT,
            "error",
            f"{what} holds a lock that others wait for",
            f"Wait for it, or end it in psql: SELECT pg_terminate_backend({pid})",
        )


def check_backups(context: CheckContext) -> Iterator[Finding]:
    """Look whether the last backup failed, and whether there is any."""
    backups, folder = context.state().backups, context.settings.backup_folder
    failed = list(failure_lines(backups))
    for line in failed:
        yield Finding("backups", "warning", line, f"See that {folder} can be written and has room")
    if failed:
        return
    if folder is None:
        yield Finding("backups", "ok", "none are taken by themselves (TAGGER_BACKUP_FOLDER)")
    elif backups.last_at is None:
        fix = "The scheduler takes them: tagger scheduler"
        yield Finding("backups", "warning", f"there is none yet in {folder}", fix)
    else:
        yield Finding("backups", "ok", f"the last one is of {backups.last_at:%Y-%m-%d %H:%M} UTC")


def check_site_names(context: CheckContext) -> Iterator[Finding]:
    """Look for sites that earlier versions stored under another spelling."""
    for old, new in context.state().misnamed.items():
        seen = f"{old} is {new}, under a name of before"
        yield Finding("sites", "warning", seen, "Put it right: tagger db upgrade")
    yield from _unknown_sites(context)


def _unknown_sites(context: CheckContext) -> Iterator[Finding]:
    """Sites that are set and that there are not; of another API only its own list tells."""
    settings, engine = context.settings, context.database()
    own_list = select(KnownSite.site).where(KnownSite.api == settings.api_url).limit(1)
    with reading(engine) as connection:
        has_list = connection.execute(own_list).first() is not None
    if settings.api_url != DEFAULTS.api_url and not has_list:
        return
    for site in settings.sites:
        try:
            check_site(engine, site, own=())
        except UnknownSite as error:
            fix = "Correct TAGGER_SITES: the poller does not start with it"
            yield from_error("sites", error, fix)
