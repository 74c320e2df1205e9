"""What the API knows of this installation: no restore takes it back.

A backup says what the quota was, which pauses the API had asked for, and what it was asked in the
minute before. Whoever runs while it is restored has asked since, and the API does not forget.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from sqlalchemy import select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import InstrumentedAttribute

from core.database.api_tables import ApiClient, ApiLease, ApiPause, SentRequest
from core.database.engine import dialect_insert
from core.database.tables import Table

ApiState: TypeAlias = Mapping[type[Table], Sequence[Mapping[str, Any]]]

# Of two rows with one key, the one counts whose time is the later.
_TIMES: Final[Mapping[type[Table], InstrumentedAttribute[Any]]] = {
    ApiClient: ApiClient.requested_at,
    ApiPause: ApiPause.until,
    SentRequest: SentRequest.sent_at,
    ApiLease: ApiLease.until,  # a request is under way still
}


def read_api_state(connection: Connection) -> ApiState:
    """What is known now, of tables that are up to date."""
    return {
        table: [dict(row) for row in connection.execute(select(table)).mappings()]
        for table in _TIMES
    }


def keep_api_state(connection: Connection, state: ApiState) -> None:
    """Have it replace what is older in the tables, which are up to date."""
    for table, rows in state.items():
        for row in rows:
            _keep(connection, table, row)


def _keep(connection: Connection, table: type[Table], row: Mapping[str, Any]) -> None:
    insert = dialect_insert(connection, table).values(**row)
    time = _TIMES[table]
    keys = [column.name for column in table.__table__.primary_key]
    newer = time.is_(None) | (time <= insert.excluded[time.key])
    connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=row, where=newer))
