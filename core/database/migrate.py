"""Brings the database's tables up to date."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, inspect, text
from sqlalchemy.engine import Connection

from core.database.engine import despite_deadlocks, reading
from core.errors import DatabaseForbidden, SchemaOutdated

if TYPE_CHECKING:
    from alembic.config import Config

log = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
_POSTGRES_LOCK = 0x7A66E2  # any number of our own: one migrator at a time


@cache
def revisions() -> tuple[str, ...]:
    """All revisions, oldest first; a migration's file name begins with its own."""
    names = (p.name for p in (MIGRATIONS / "versions").rglob("[0-9]*_*.py"))
    return tuple(sorted(name.split("_", 1)[0] for name in names))


def current_revision(connection: Connection) -> str | None:
    """The revision that the tables stand at, or None where there are none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def alembic_config(connection: Connection) -> "Config":
    """Return Alembic's configuration, as its commands take it, for a connection's tables."""
    from alembic.config import Config  # noqa: PLC0415 (a quarter of a second, seldom needed)

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("recursive_version_locations", "true")
    config.attributes["connection"] = connection
    return config


def upgrade(engine: Engine) -> bool:
    """Bring the tables to the newest revision; several processes may call it at once.

    Returns:
        Whether anything had to be done.

    Raises:
        SchemaOutdated: the tables are of a newer version of the program, or of an older one and the
            database's user may not change them.
        DatabaseUnreachable: the database gives no answer.
    """
    with reading(engine) as connection:
        if _is_up_to_date(connection):
            return False
        found = current_revision(connection)
    try:
        if not despite_deadlocks(partial(_upgrade, engine)):  # with services that run
            return False
    except DatabaseForbidden as error:
        raise SchemaOutdated(
            f"The database's tables are at revision {found or 'none'}, this version of the program "
            f"needs {revisions()[-1]}, and the user {engine.url.username} may not change them.",
            "Upgrade them as their owner.",
        ) from error
    log.info("the database's tables are at revision %s", revisions()[-1])
    return True


def _upgrade(engine: Engine) -> bool:
    """Bring the tables to the newest revision; return whether anything had to be done."""
    with migrator(engine) as connection:
        if _is_up_to_date(connection):
            return False
        migrate_to(connection, revisions()[-1])
    return True


def migrate_to(connection: Connection, revision: str) -> None:
    """Bring the tables up to a revision; the connection is a migrator()'s."""
    from alembic import command  # noqa: PLC0415 (as above)

    command.upgrade(alembic_config(connection), revision)


def known_revision(connection: Connection) -> str | None:
    """As current_revision(), but of tables that this program knows.

    Raises:
        SchemaOutdated: they are of a newer version of it.
    """
    current = current_revision(connection)
    if current is not None and current not in revisions():
        raise SchemaOutdated(
            f"The database's tables are at revision {current}, which this version of the program "
            f"does not know (its newest is {revisions()[-1]}).",
            "Install the newer version.",
        )
    return current


def _is_up_to_date(connection: Connection) -> bool:
    return known_revision(connection) == revisions()[-1]


@contextmanager
def migrator(engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction that keeps other migrators out.

    On SQLite the transaction itself does (BEGIN IMMEDIATE), and foreign keys are off: Alembic's
    batch mode drops and copies tables, which would otherwise delete the rows that refer to them.
    """
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            driver = connection.connection.cursor()
            driver.execute("PRAGMA foreign_keys=OFF")
            try:
                with connection.begin():
                    yield connection
            finally:
                driver.execute("PRAGMA foreign_keys=ON")
                driver.close()
        else:
            with connection.begin():
                connection.execute(
                    text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTGRES_LOCK}
                )
                yield connection
