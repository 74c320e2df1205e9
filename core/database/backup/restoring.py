"""Takes a backup back into a database of either kind: all of it in one transaction, or nothing."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain, islice
from typing import Any, BinaryIO, Final, TypeVar

from sqlalchemy import Engine, exists, inspect, select, text, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from core.addresses import shown_address
from core.database.backup.api_state import keep_api_state, read_api_state
from core.database.backup.columns import WRONG_VALUE, chunk_of, from_json, in_chunks
from core.database.backup.format import BackupReader, Summary, TableOfBackup
from core.database.backup.scope import MADE_BY_TRIGGERS, StoredTable, own_tables, tables_to_keep
from core.database.bulk import insert_raw
from core.database.engine import despite_deadlocks
from core.database.migrate import known_revision, migrate_to, migrator, revisions
from core.database.tables import BundlePart, ModelVersion
from core.errors import BackupRefused
from core.untrusted import one_line

# What a service writes by itself where nothing has been fetched yet.
INCIDENTAL: Final = frozenset({"backups", "feeds", "known_sites", "last_signs", "killed_processes"})
FUNCTIONS: Final = ("keep_likely_tags", "count_tag_uses", "count_rows_of_sites")  # of triggers
STREAM: Final = 50_000  # rows that Postgres takes at once
VIEWS: Final = ("suggestions_by_tag", "tag_suggestions", "predicted_tags")

T = TypeVar("T")


def restore_backup(
    engine: Engine, file: BinaryIO, name: str, *, now: datetime, replace: bool = False
) -> Summary:
    """Bring a backup's rows into a database, whose tables are up to date afterwards.

    The tables are made as the backup has them and migrated with their rows, so backups of earlier
    versions of the program are taken. Services that run meanwhile wait for the end. What the API
    knows of them stays as it is.

    Args:
        engine: of a database that is empty, unless `replace` is set.
        file: open for bytes; a pipe will do.
        name: how errors call it.
        now: UTC.
        replace: whether what the database holds is deleted.

    Raises:
        BackupRefused: the database is in use, or the backup damaged or of a newer program. Then
            nothing has changed.
        DatabaseError: the database cannot be used, or is of a newer program itself.
    """
    reader = BackupReader(file, name)
    revision = reader.header.revision
    if revision not in revisions():
        raise BackupRefused(
            f"The backup {name} is of a newer version of the program: its tables are at revision "
            f"{one_line(revision)[:20]}, the newest here is {revisions()[-1]}. Install the newer "
            "version."
        )
    with migrator(engine) as connection:
        current = _take_over(connection, replace=replace)
        # Nobody runs who would know the API where the tables are older than the program.
        state = read_api_state(connection) if current == revisions()[-1] else {}
        _make_empty(connection, current, revision)
        tables = {table.name: table for table in tables_to_keep(connection)}
        for given in reader.tables():
            _load(connection, tables, given, name)
        _go_on_counting(connection, tables.values())
        migrate_to(connection, revisions()[-1])
        if not reader.header.models:
            _leave_models_out(connection, now)
        keep_api_state(connection, state)
        _check_references(connection, name)
    _gather_statistics(engine)
    return reader.summary()


def _take_over(connection: Connection, *, replace: bool) -> str | None:
    """Keep all others out of a database that may be overwritten; return its tables' revision."""
    current = known_revision(connection)
    if current is not None and not replace and (filled := _filled(connection)):
        address = shown_address(connection.engine.url)
        raise BackupRefused(
            f"The database {address} holds rows already ({', '.join(filled[:3])}). Name an empty "
            "one by TAGGER_DATABASE_URL, or delete what this one holds by --replace."
        )
    if current is not None and connection.dialect.name == "postgresql":
        _keep_others_out(connection)
    return current


def _make_empty(connection: Connection, current: str | None, revision: str) -> None:
    """Leave tables at a revision, without a row."""
    if current == revision:
        _delete_all(connection)
        return
    if current is not None:
        _drop_all(connection)
    migrate_to(connection, revision)


def _keep_others_out(connection: Connection) -> None:
    """Lock all tables; a service that holds one and waits for another goes on in between."""
    names = ", ".join(table.name for table in own_tables(connection))

    def lock() -> None:
        with connection.begin_nested():  # which gives back what it had locked
            connection.execute(text(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE"))

    despite_deadlocks(lock)


def _filled(connection: Connection) -> list[str]:
    """The tables that hold more than a service's own notes."""
    names = [t.name for t in own_tables(connection)]
    return [
        name
        for name in names
        if name not in INCIDENTAL | MADE_BY_TRIGGERS
        and not name.startswith("api_")
        and connection.execute(text(f"SELECT 1 FROM {name} LIMIT 1")).first() is not None  # noqa: S608
    ]


def _delete_all(connection: Connection) -> None:
    """Delete all rows; grants and other people's views stay."""
    names = [table.name for table in own_tables(connection)]
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"TRUNCATE {', '.join(names)}"))
        return
    # The first before the predictions, or a trigger would look its rows up for each; the last after
    # the rows that they count.
    places = {"likely_tags": 0, "tag_uses": 2, "site_counts": 2}
    for name in sorted(names, key=lambda name: places.get(name, 1)):
        connection.execute(text(f"DELETE FROM {name}"))  # noqa: S608 (names of the tables)


def _drop_all(connection: Connection) -> None:
    views = inspect(connection).get_view_names()
    for view in VIEWS:
        if view in views:
            connection.execute(text(f"DROP VIEW {view}"))
    for table in reversed(own_tables(connection)):
        connection.execute(text(f"DROP TABLE {table.name}"))
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"DROP FUNCTION IF EXISTS {', '.join(FUNCTIONS)}"))
    connection.execute(text("DROP TABLE alembic_version"))


def _load(
    connection: Connection, tables: dict[str, StoredTable], given: TableOfBackup, name: str
) -> None:
    """Insert one table's rows."""
    table = tables.get(given.name)
    if table is None or set(given.columns) != set(table.columns):
        told = one_line(given.name)[:60]
        raise BackupRefused(f"The backup {name} is damaged: its table {told} is none of ours.")
    rows = _converted(given, table, connection.dialect.name, name)
    is_sqlite = connection.dialect.name == "sqlite"
    try:
        for some in in_chunks(rows, chunk_of(table)) if is_sqlite else _in_streams(rows):
            insert_raw(connection, table.name, given.columns, some)
    except (DBAPIError, connection.dialect.loaded_dbapi.Error, *WRONG_VALUE) as error:
        driver = getattr(error, "orig", None) or error
        reason = next(iter(str(driver).strip().splitlines()), type(error).__name__)
        raise BackupRefused(
            f"The backup {name} is damaged: a row of {table.name} cannot be stored: "
            f"{one_line(reason)[:200]}"
        ) from None


def _in_streams(rows: Iterator[T]) -> Iterator[Iterator[T]]:
    """The rows in iterators of at most STREAM, each of which is read before the next.

    Postgres' triggers count after each of them, which leaves a dead row that the next count reads
    until the transaction ends, and its server keeps the rows of each aside until then.
    """
    for first in rows:
        yield chain([first], islice(rows, STREAM - 1))


def _converted(
    given: TableOfBackup, table: StoredTable, dialect: str, name: str
) -> Iterator[tuple[Any, ...]]:
    convert = from_json(table, given.columns, dialect)
    for number, row in enumerate(given.rows, 1):
        try:
            yield tuple(convert(row))
        except WRONG_VALUE as error:
            raise BackupRefused(
                f"The backup {name} is damaged: row {number:,} of {table.name}: "
                f"{one_line(str(error))[:200]}"
            ) from None


def _go_on_counting(connection: Connection, tables: Iterable[StoredTable]) -> None:
    """Let Postgres number new rows after those that came with their numbers."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables:
        if "id" in table.columns:
            last = f"SELECT max(id) FROM {table.name}"  # noqa: S608 (names of the tables)
            follow = f"setval(pg_get_serial_sequence('{table.name}', 'id'), coalesce(({last}), 1)"
            connection.execute(text(f"SELECT {follow}, ({last}) IS NOT NULL)"))


def _leave_models_out(connection: Connection, now: datetime) -> None:
    """Mark versions whose bundles were left out as pruned: sites without a model train one."""
    has_bundle = exists(
        select(BundlePart.number).where(BundlePart.model_version_id == ModelVersion.id)
    )
    gone = update(ModelVersion).where(ModelVersion.pruned_at.is_(None), ~has_bundle)
    connection.execute(gone.values(live=False, size=0, pruned_at=now))


def _check_references(connection: Connection, name: str) -> None:
    """Look for rows that refer to none; Postgres has refused them already."""
    if connection.dialect.name != "sqlite":
        return
    broken = connection.execute(text("PRAGMA foreign_key_check")).first()
    if broken is not None:
        raise BackupRefused(
            f"The backup {name} is damaged: a row of {broken[0]} refers to one of {broken[2]} "
            "that is not there. Take another one."
        )


def _gather_statistics(engine: Engine) -> None:
    """Let Postgres know at once how large the tables are; its plans go by it."""
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.execute(text("ANALYZE"))
