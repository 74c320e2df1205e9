"""Takes a backup of a database in use: all of it as of one moment, in little memory."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Engine
from sqlalchemy.engine import Connection

from core import __version__
from core.addresses import shown_address
from core.database.backup.columns import chunk_of, to_json
from core.database.backup.format import BackupReader, BackupWriter, Header, Summary
from core.database.backup.scope import StoredTable, tables_to_keep
from core.database.engine import reading
from core.database.migrate import known_revision
from core.errors import BackupFailed
from core.new_file import new_file


def save_backup(
    engine: Engine, path: Path, *, now: datetime, models: bool = True, force: bool = False
) -> Summary:
    """Write a backup to a file, which its owner alone can read, and read it back.

    The file takes its place at the end: whole, or not at all.

        save_backup(engine, Path("tagger.backup.gz"), now=clock.now())

    Args:
        engine: of the database, at any revision that the program knows; others go on using it.
        path: where to.
        now: UTC.
        models: whether the models themselves are in it, which are the most of it.
        force: whether it may take the place of another file.

    Raises:
        BackupFailed: there is such a file, it cannot be written, or there are no tables.
        DatabaseError: the database cannot be read.
    """
    with _new_file(path, force=force) as file:
        written = write_backup(engine, file, now=now, models=models)
        file.flush()
        os.fsync(file.fileno())
        file.seek(0)
        if check_backup(file, str(path)) != written:
            raise BackupFailed(f"What was written to {path} is not what is read back from it.")
    return written


def write_backup(engine: Engine, file: BinaryIO, *, now: datetime, models: bool = True) -> Summary:
    """Write a backup to what is open for bytes, a pipe say; arguments as of save_backup()."""
    with _snapshot(engine) as connection:
        revision = known_revision(connection)
        if revision is None:
            raise _nothing_to_back_up(engine)
        made_at = now.astimezone(UTC).isoformat(timespec="seconds")
        header = Header(revision, __version__, made_at, engine.dialect.name, models)
        writer = BackupWriter(file, header)
        for table in tables_to_keep(connection, models=models):
            writer.write_table(table.name, list(table.columns), _rows(connection, table))
        return writer.finish()


def check_backup(file: BinaryIO, name: str) -> Summary:
    """Read a backup from its beginning to its end; return what it holds.

    Raises:
        BackupRefused: it is damaged, or none.
    """
    reader = BackupReader(file, name)
    for table in reader.tables():
        for _ in table.rows:
            pass
    return reader.summary()


def _nothing_to_back_up(engine: Engine) -> BackupFailed:
    address = shown_address(engine.url)
    return BackupFailed(
        f"The database {address} holds no tables of this program: there is nothing to back up. "
        "Set TAGGER_DATABASE_URL or TAGGER_DATA_DIR to the one that is meant."
    )


@contextmanager
def _snapshot(engine: Engine) -> Iterator[Connection]:
    """A connection to which the database stays as it is at its first statement.

    Writers go on: SQLite's log and Postgres' rows keep what is read here as long as it takes.
    """
    if engine.dialect.name == "sqlite":
        if not Path(str(engine.url.database)).exists():  # to connect would make it
            raise _nothing_to_back_up(engine)
        with reading(engine) as connection:
            yield connection
    else:
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with engine.connect().execution_options(**options) as connection:
            yield connection


def _rows(connection: Connection, table: StoredTable) -> Iterator[Sequence[Any]]:
    quote = connection.dialect.identifier_preparer.quote
    names = ", ".join(map(quote, table.columns))
    convert = to_json(table, connection.dialect.name)
    statement = f"SELECT {names} FROM {quote(table.name)}"  # noqa: S608 (names of the tables)
    found = connection.exec_driver_sql(statement, execution_options={"yield_per": chunk_of(table)})
    with found:
        for row in found:
            yield convert(row)


@contextmanager
def _new_file(path: Path, *, force: bool) -> Iterator[BinaryIO]:
    """A file that its owner alone can read, whatever the umask."""
    with new_file(path, force=force, failure=BackupFailed) as aside:
        private = os.open(aside, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(private, "w+b") as file:
            yield file
