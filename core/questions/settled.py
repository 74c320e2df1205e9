"""Since when a question's tags are relied on: authors edit them in the first days.

One meaning for all who ask (the trainer, the scheduler, the status, the live agreement): a question
has settled when it was created TAGGER_SETTLE_DAYS ago, counted in whole days of UTC. One without a
date comes from a file, whose makers had it long before, and has settled.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import or_
from sqlalchemy.sql import ColumnElement

from core.database.tables import Question


def settled_before(now: datetime, settle: timedelta) -> datetime:
    """Return until when questions have settled, in whole days where they take a day or more.

    So what is read stays the same all day, and a training that was ended can go on with it.
    """
    moment = now - settle
    if settle < timedelta(days=1):
        return moment
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def is_settled(before: datetime) -> ColumnElement[bool]:
    """Whether a question has settled, where `before` is what settled_before() returns."""
    return or_(Question.created_at.is_(None), Question.created_at <= before)
