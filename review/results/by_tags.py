"""What leads to the predictions of some tags: the index of likely tags, by one tag or by keys."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, func, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import aliased

from core.database.keys import one_of
from core.database.tables import LikelyTag, Prediction, Question
from core.questions.suggested import find_by_tag, is_likely

MOST_KEYS: Final = 5_000  # questions of some tags that are all looked up
SAMPLE: Final = 500  # newest questions of a tag by which is told how often it meets the others
OFTEN: Final = 4  # times a sample's meetings are wanted at most, where one tag leads

Leading = tuple[list[ColumnElement[bool]], SQLColumnExpression[datetime]]


def lead_by_one(tag: str) -> Leading:
    """Join the predictions that find a tag likely; the time by which its index has them."""
    return [
        LikelyTag.tag == tag,
        LikelyTag.question_pk == Prediction.question_pk,
        LikelyTag.model_version_id == Prediction.model_version_id,
    ], LikelyTag.predicted_at


def lead_by_any(connection: Connection, tags: Sequence[str]) -> Leading:
    """Conditions of the predictions that find any of several tags likely, and their time."""
    return _lead_by_keys(connection, [find_by_tag(*tags)])


def lead_by_all(
    connection: Connection, tags: Sequence[str], *, sites: Collection[str], wanted: int | None
) -> Leading:
    """Conditions of the predictions that find all of several tags likely, and their time.

    Where they meet often, the rarest one leads: its questions are walked through, the newest first,
    until there are as many as are wanted. Else all keys of each tag are read from the index.

    Args:
        connection: to read from.
        tags: two or more.
        sites: whose predictions are wanted; all where empty.
        wanted: predictions; all where unset.
    """
    rarest = min(tags, key=lambda tag: _reach(connection, tag))
    others = [tag for tag in tags if tag != rarest]
    if wanted is not None and wanted <= OFTEN * _meetings(connection, rarest, others, sites):
        leading, at = lead_by_one(rarest)
        return [*leading, *(is_likely(LikelyTag, tag) for tag in others)], at
    # Common ones may meet seldom: none leads anywhere alone.
    return _lead_by_keys(connection, [find_by_tag(tag) for tag in tags])


def _reach(connection: Connection, tag: str) -> datetime:
    """How far back a sample of a tag's newest predictions goes; the farther, the rarer it is."""
    oldest = _newest(tag).with_only_columns(LikelyTag.predicted_at).offset(SAMPLE - 1).limit(1)
    return connection.scalar(oldest) or datetime.min.replace(tzinfo=UTC)


def _meetings(
    connection: Connection, tag: str, others: Sequence[str], sites: Collection[str]
) -> int:
    """In how many of a tag's newest predictions, of sites, all the others are likely, too."""
    newest = aliased(LikelyTag, _newest(tag).limit(SAMPLE).subquery())
    met = (
        select(func.count()).select_from(newest).where(*(is_likely(newest, one) for one in others))
    )
    if sites:
        site = select(Question.site).where(Question.id == newest.question_pk).scalar_subquery()
        met = met.where(site.in_(sites))
    return connection.scalar(met) or 0


def _newest(tag: str) -> Select[*tuple[Any, ...]]:
    """A tag's rows of the index, the newest first."""
    return (
        select(*LikelyTag.__table__.c)
        .where(LikelyTag.tag == tag)
        .order_by(LikelyTag.predicted_at.desc(), LikelyTag.question_pk.desc())
    )


def _lead_by_keys(connection: Connection, each: Sequence[Select[int]]) -> Leading:
    """Conditions of the predictions whose questions are among the keys of each SELECT."""
    first = each[0].subquery().c.question_pk
    meeting = select(first).where(*(first.in_(found) for found in each[1:]))
    keys = connection.scalars(meeting.limit(MOST_KEYS + 1)).all()
    at = Prediction.predicted_at
    if len(keys) > MOST_KEYS:
        return [Prediction.question_pk.in_(found) for found in each], at
    # In no index's order.
    return [one_of(connection, Prediction.question_pk, set(keys))], func.coalesce(at, at)
