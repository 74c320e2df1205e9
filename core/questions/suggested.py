"""What is suggested: kept tags above their threshold, but none that is blocked at the site."""

from sqlalchemy import exists
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement, select

from core.database.review_tables import BlockedTag
from core.database.tables import PredictedTag, Question


def is_suggested() -> ColumnElement[bool]:
    """Whether a row of `predicted_tags` is suggested; the statement joins its question.

    A worker suggests no blocked tag, but what it suggested before the tag was blocked stays as it
    is in the table, so that unblocking brings it back.
    """
    blocked = exists().where(BlockedTag.site == Question.site, BlockedTag.tag == PredictedTag.tag)
    return PredictedTag.suggested & ~blocked


def read_blocked_tags(connection: Connection, site: str) -> frozenset[str]:
    """The tags that are never suggested at a site."""
    return frozenset(connection.scalars(select(BlockedTag.tag).where(BlockedTag.site == site)))
