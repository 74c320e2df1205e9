"""The one order in which rows are locked: questions first, then their tagging requests, by key."""

from sqlalchemy import select
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement

from core.database.tables import Question, TaggingRequest


def lock_in_order(connection: Connection, *chosen: ColumnElement[bool]) -> None:
    """Lock questions in the order of their keys, as all do that change several: no deadlock.

    An UPDATE by itself locks rows in whatever order its plan finds them. The lock is that of an
    UPDATE, which keeps no verdict or prediction waiting. SQLite has one writer at a time.
    """
    if connection.dialect.name == "postgresql":
        rows = select(Question.id).where(*chosen).order_by(Question.id)
        connection.execute(rows.with_for_update(key_share=True)).all()


def lock_requests_in_order(connection: Connection, *chosen: ColumnElement[bool]) -> None:
    """Lock tagging requests in the order of their questions' keys, as lock_in_order() does.

    Whoever locks questions too locks those before.
    """
    if connection.dialect.name == "postgresql":
        rows = select(TaggingRequest.question_pk).where(*chosen)
        connection.execute(rows.order_by(TaggingRequest.question_pk).with_for_update()).all()
