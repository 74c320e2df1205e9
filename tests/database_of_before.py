"""A database as the program left it at revision 0003, before its bundles came in parts."""

import gzip
from pathlib import Path

from alembic import command
from sqlalchemy import Engine, MetaData, insert, select, text

from core.database.engine import make_engine
from core.database.migrate import alembic_config, current_revision, migrator

DATA = Path(__file__).parent / "data"
REVISION = "0003"


def migrate_to(engine: Engine, revision: str) -> None:
    """Bring the tables to any revision, forward or back: an older program's are no command."""
    with migrator(engine) as connection:
        forward = revision >= (current_revision(connection) or "")
        change = command.upgrade if forward else command.downgrade
        change(alembic_config(connection), revision)


def write_database_of_before(path: Path) -> None:
    """Write it as an SQLite file."""
    path.write_bytes(gzip.decompress((DATA / "before_rooms.sqlite3.gz").read_bytes()))


def fill_with_database_of_before(engine: Engine, folder: Path) -> None:
    """Bring an empty database of any kind to the same rows at the same revision."""
    file = folder / "before.sqlite3"
    write_database_of_before(file)
    if engine.dialect.name == "sqlite":
        Path(str(engine.url.database)).write_bytes(file.read_bytes())
        return
    migrate_to(engine, REVISION)
    source = make_engine(f"sqlite:///{file}")
    tables, targets = MetaData(), MetaData()
    with source.connect() as reader, engine.begin() as writer:
        writer.execute(text("SET LOCAL TIME ZONE 'UTC'"))
        tables.reflect(reader)
        targets.reflect(writer)
        for table in tables.sorted_tables:
            rows = [dict(row) for row in reader.execute(select(table)).mappings()]
            if rows and table.name != "alembic_version":
                writer.execute(insert(targets.tables[table.name]), rows)
            if rows and "id" in table.columns:
                last = "SELECT setval(pg_get_serial_sequence(:name, 'id'), :last)"
                writer.execute(text(last), {"name": table.name, "last": max(r["id"] for r in rows)})
    source.dispose()
