"""How many questions were tagged on each day."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Date, cast, func, select
from sqlalchemy.engine import Connection

from core.database.tables import ModelVersion, Prediction

DAYS = 30


def predictions_by_day(
    connection: Connection, site: str, *, now: datetime, days: int = DAYS
) -> dict[date, int]:
    """How many predictions each of the last days (UTC) has; a day without any has 0.

    Counted by an index, over the predictions of those days alone.
    """
    first = (now - timedelta(days=days - 1)).date()
    begin = datetime.combine(first, datetime.min.time(), UTC)
    day: ColumnElement[Any] = func.date(Prediction.predicted_at)
    if connection.dialect.name == "postgresql":
        day = cast(func.timezone("UTC", Prediction.predicted_at), Date)
    rows = (
        select(day, func.count())
        .join(ModelVersion, ModelVersion.id == Prediction.model_version_id)
        .where(Prediction.predicted_at >= begin, ModelVersion.site == site)
        .group_by(day)
    )
    counts = {_as_date(found): count for found, count in connection.execute(rows)}
    last = now.date()
    whole = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return {one: counts.get(one, 0) for one in whole}


def _as_date(found: date | str) -> date:
    return date.fromisoformat(found) if isinstance(found, str) else found
