"""Filters, with their orders, to which reviewers gave names."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.engine import Connection

from core.database.engine import dialect_insert
from core.database.review_tables import SavedFilter
from core.errors import ReviewConflict, UnknownFilter
from review.decisions.filters import Order, QueueFilter

MOST = 100  # of one reviewer


@dataclass(frozen=True, slots=True)
class NamedFilter:
    """A filter, and the order in which its questions come, if it names one."""

    name: str
    chosen: QueueFilter
    order: Order | None = None


def list_filters(connection: Connection, reviewer: str) -> list[NamedFilter]:
    """A reviewer's filters by name."""
    rows = select(SavedFilter.name, SavedFilter.filter).where(SavedFilter.reviewer == reviewer)
    found = connection.execute(rows.order_by(SavedFilter.name))
    return [_named(name, values) for name, values in found]


def _named(name: str, values: dict[str, Any]) -> NamedFilter:
    return NamedFilter(name, QueueFilter.from_json(values), values.get("order"))


def get_filter(connection: Connection, reviewer: str, name: str) -> NamedFilter:
    """A reviewer's filter of a name.

    Raises:
        UnknownFilter: there is none.
    """
    chosen = (SavedFilter.reviewer == reviewer, SavedFilter.name == name)
    values = connection.execute(select(SavedFilter.filter).where(*chosen)).scalar()
    if values is None:
        raise UnknownFilter(f"{reviewer} has saved no filter {name}.")
    return _named(name, values)


def save_filter(
    connection: Connection, reviewer: str, named: NamedFilter, *, now: datetime
) -> None:
    """Save a filter in place of the one that had the name; commits nothing.

    Raises:
        ReviewConflict: the reviewer has as many as there may be.
    """
    insert = dialect_insert(connection, SavedFilter)
    values = named.chosen.to_json() | ({"order": named.order} if named.order else {})
    row = {"reviewer": reviewer, "name": named.name, "filter": values, "at": now}
    replaced = {column: insert.excluded[column] for column in ("filter", "at")}
    key = ["reviewer", "name"]
    connection.execute(insert.values(row).on_conflict_do_update(index_elements=key, set_=replaced))
    count = select(func.count()).where(SavedFilter.reviewer == reviewer)
    if (connection.scalar(count) or 0) > MOST:
        raise ReviewConflict(f"There may be {MOST} saved filters: delete one first.")


def delete_filter(connection: Connection, reviewer: str, name: str) -> None:
    """Delete a filter; commits nothing.

    Raises:
        UnknownFilter: there is none of that name.
    """
    chosen = (SavedFilter.reviewer == reviewer, SavedFilter.name == name)
    if connection.execute(delete(SavedFilter).where(*chosen)).rowcount == 0:
        raise UnknownFilter(f"{reviewer} has saved no filter {name}.")
