"""Which tables a backup holds."""

from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any, Final

from sqlalchemy import inspect
from sqlalchemy.engine import Connection
from sqlalchemy.types import TypeEngine

# All tables are to be known, whoever imports what.
from core.database import api_tables, review_tables, views  # noqa: F401
from core.database.backup import tables as _backup_tables  # noqa: F401
from core.database.tables import Table

OF_BEFORE: Final = frozenset({"predicted_tags"})  # tables that migrations have dropped since
OF_MODELS: Final = frozenset({"bundle_parts"})  # large, and another training makes others

# The database itself makes these of the others.
MADE_BY_TRIGGERS: Final = frozenset({"likely_tags", "site_counts", "tag_uses"})
# And what tells of what runs where the backup is taken: a log-in, for one, may have ended since.
LEFT_OUT: Final = MADE_BY_TRIGGERS | {"review_sessions", "last_signs", "api_leases"}


@dataclass(frozen=True, slots=True)
class StoredTable:
    """A table as it is in a database, which may be of another revision than the code.

    Attributes:
        columns: the type of each, by its name, in the table's order; without those that the
            database reckons.
    """

    name: str
    columns: dict[str, TypeEngine[Any]]


def own_tables(connection: Connection) -> list[StoredTable]:
    """The program's tables as they are, those that others refer to first."""
    inspector = inspect(connection)
    known = {*Table.metadata.tables, *OF_BEFORE}
    names = sorted(known & set(inspector.get_table_names()))
    columns = {
        key[1]: found for key, found in inspector.get_multi_columns(filter_names=names).items()
    }
    keys = inspector.get_multi_foreign_keys(filter_names=names).items()
    parents = {key[1]: {one["referred_table"] for one in found} - {key[1]} for key, found in keys}
    order = TopologicalSorter(
        {name: sorted(parents.get(name, ())) for name in names}
    ).static_order()
    return [
        StoredTable(n, {one["name"]: one["type"] for one in columns[n] if "computed" not in one})
        for n in order
    ]


def tables_to_keep(connection: Connection, *, models: bool = True) -> list[StoredTable]:
    """Those of them that a backup holds."""
    left_out = LEFT_OUT if models else LEFT_OUT | OF_MODELS
    return [table for table in own_tables(connection) if table.name not in left_out]
