"""Queries on the results: each question with its newest prediction."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, exists, or_, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import aliased
from sqlalchemy.sql import ColumnElement

from core.database.tables import ModelVersion, PredictedTag, Prediction, Question

PAGE = 500  # questions whose tags are read with one statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which results.

    Attributes:
        site: only of this site.
        tag: only questions for which this tag is suggested, or with `min_probability` those
            where it reaches that.
        since: only predictions made at or after it (UTC).
        min_probability: tags below it are left out, and questions that have none above it.
    """

    site: str | None = None
    tag: str | None = None
    since: datetime | None = None
    min_probability: float | None = None


@dataclass(frozen=True, slots=True)
class ResultTag:
    """One of a prediction's tags."""

    tag: str
    probability: float
    suggested: bool


@dataclass(frozen=True, slots=True)
class Result:
    """A question, its author's tags, and the tags of its newest prediction, best first."""

    site: str
    question_id: int
    title: str
    link: str | None
    author_tags: tuple[str, ...]
    model_version: int
    predicted_at: datetime
    tags: tuple[ResultTag, ...]

    @property
    def suggested(self) -> tuple[ResultTag, ...]:
        """The tags that are suggested, possibly none."""
        return tuple(tag for tag in self.tags if tag.suggested)


def find_results(
    connection: Connection, chosen: Filter, *, limit: int | None = None
) -> Iterator[Result]:
    """Yield results, the newest prediction first; memory holds one page of them at a time."""
    statement = _newest_predictions(chosen)
    if limit is not None:
        statement = statement.limit(limit)
    rows = connection.execute(statement, execution_options={"yield_per": PAGE})
    for page in rows.partitions(PAGE):
        tags = _tags_of(connection, [(row.question_pk, row.version_id) for row in page], chosen)
        for row in page:
            yield Result(
                row.site,
                row.question_id,
                row.title,
                row.link,
                tuple(row.author_tags),
                row.version,
                row.predicted_at,
                tuple(tags.get(row.question_pk, ())),
            )


def _newest_predictions(chosen: Filter) -> Select[*tuple[Any, ...]]:
    later = aliased(Prediction)
    is_later = or_(
        later.predicted_at > Prediction.predicted_at,
        and_(
            later.predicted_at == Prediction.predicted_at,
            later.model_version_id > Prediction.model_version_id,
        ),
    )
    statement: Select[*tuple[Any, ...]] = (
        select(
            Prediction.question_pk,
            Prediction.model_version_id.label("version_id"),
            Prediction.predicted_at,
            Question.site,
            Question.question_id,
            Question.title,
            Question.link,
            Question.author_tags,
            ModelVersion.version,
        )
        .join(Question, Question.id == Prediction.question_pk)
        .join(ModelVersion, ModelVersion.id == Prediction.model_version_id)
        .where(~exists().where(later.question_pk == Prediction.question_pk, is_later))
        .order_by(Prediction.predicted_at.desc(), Question.question_id.desc())
    )
    if chosen.site is not None:
        statement = statement.where(Question.site == chosen.site)
    if chosen.since is not None:
        statement = statement.where(Prediction.predicted_at >= chosen.since)
    if chosen.tag is not None or chosen.min_probability is not None:
        statement = statement.where(_has_tag(chosen))
    return statement


def _has_tag(chosen: Filter) -> ColumnElement[bool]:
    wanted: list[ColumnElement[bool]] = [
        PredictedTag.question_pk == Prediction.question_pk,
        PredictedTag.model_version_id == Prediction.model_version_id,
    ]
    if chosen.tag is not None:
        wanted.append(PredictedTag.tag == chosen.tag)
    if chosen.min_probability is not None:
        wanted.append(PredictedTag.probability >= chosen.min_probability)
    elif chosen.tag is not None:
        wanted.append(PredictedTag.suggested.is_(True))
    return exists().where(*wanted)


def _tags_of(
    connection: Connection, predictions: list[tuple[int, int]], chosen: Filter
) -> dict[int, list[ResultTag]]:
    version_of = dict(predictions)
    statement = (
        select(PredictedTag)
        .with_only_columns(
            PredictedTag.question_pk,
            PredictedTag.model_version_id,
            PredictedTag.tag,
            PredictedTag.probability,
            PredictedTag.suggested,
        )
        .where(PredictedTag.question_pk.in_(version_of))
        .order_by(PredictedTag.probability.desc(), PredictedTag.tag)
    )
    if chosen.min_probability is not None:
        statement = statement.where(PredictedTag.probability >= chosen.min_probability)
    tags: dict[int, list[ResultTag]] = {}
    for pk, version_id, tag, probability, suggested in connection.execute(statement):
        if version_of[pk] == version_id:
            tags.setdefault(pk, []).append(ResultTag(tag, probability, suggested))
    return tags
