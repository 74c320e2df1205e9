"""The last signs of workers and the scheduler, as they write them into the database."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.engine import Connection

from core.database.tables import LastSign


def last_signs(connection: Connection) -> dict[str, datetime]:
    """When each part last gave a sign, by its name; the newest first."""
    rows = select(LastSign.name, LastSign.at).order_by(LastSign.at.desc(), LastSign.name)
    return dict(connection.execute(rows).all())
