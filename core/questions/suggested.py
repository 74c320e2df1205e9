"""What is suggested: kept tags above their threshold, but none that is blocked at the site."""

from sqlalchemy import Select, and_, exists, literal, or_
from sqlalchemy.engine import Connection
from sqlalchemy.orm import aliased
from sqlalchemy.sql import ColumnElement, select

from core.database.review_tables import BlockedTag, QueuedQuestion
from core.database.tables import LikelyTag, Prediction, Question
from core.database.views import LIKELY, OwnTags, PredictedTag


def is_suggested(
    one: type[PredictedTag] | OwnTags = PredictedTag, *, site: str | None = None
) -> ColumnElement[bool]:
    """Whether a tag is suggested, at that site, or at that of the question that is joined.

    A worker suggests no blocked tag, but what it suggested before the tag was blocked stays as it
    is in the table, so that unblocking brings it back.
    """
    return and_(one.suggested, ~is_blocked(one, site=site))


def is_blocked(
    one: type[PredictedTag] | OwnTags = PredictedTag, *, site: str | None = None
) -> ColumnElement[bool]:
    """Whether a tag of a prediction is blocked at that site, or at that of the question joined."""
    own = Question.site if site is None else literal(site)
    blocked = exists().where(BlockedTag.site == own, BlockedTag.tag == one.tag)
    return blocked.correlate_except(BlockedTag)


def find_by_tag(*tags: str) -> Select[int]:
    """A SELECT, by an index, of the keys of questions for which a prediction finds a tag likely.

    Of all for which one of the tags is suggested, or as probable as LIKELY; some predictions may
    be older ones, and a key may come several times.
    """
    return select(LikelyTag.question_pk).where(
        LikelyTag.tag == tags[0] if len(tags) == 1 else LikelyTag.tag.in_(tags)
    )


def is_likely(row: type[QueuedQuestion] | type[LikelyTag], tag: str) -> ColumnElement[bool]:
    """Whether the prediction of a row finds a tag likely: else the tag is not suggested there.

    Looked up row by row: of an EXISTS Postgres may make a join with all rows of the tag.
    """
    likely = aliased(LikelyTag)
    found = select(likely.question_pk).where(
        likely.tag == tag,
        likely.predicted_at == row.predicted_at,
        likely.question_pk == row.question_pk,
        likely.model_version_id == row.model_version_id,
    )
    return found.correlate(row).scalar_subquery().is_not(None)


def is_indexed(least: float | None) -> bool:
    """Whether find_by_tag() finds all that are suggested, or where given, as probable as this."""
    return least is None or least >= LIKELY


def is_newest() -> ColumnElement[bool]:
    """Whether a prediction is its question's newest: by its time, then by its version."""
    later = aliased(Prediction)
    at_once = and_(
        later.predicted_at == Prediction.predicted_at,
        later.model_version_id > Prediction.model_version_id,
    )
    return ~exists().where(
        later.question_pk == Prediction.question_pk,
        or_(later.predicted_at > Prediction.predicted_at, at_once),
    )


def read_blocked_tags(connection: Connection, site: str) -> frozenset[str]:
    """The tags that are never suggested at a site."""
    return frozenset(connection.scalars(select(BlockedTag.tag).where(BlockedTag.site == site)))
