"""Queries on the results: each question with its newest prediction."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, literal, select
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement

from core.database.tables import ModelVersion, Prediction, Question
from core.database.views import PredictedTag
from core.questions.suggested import find_by_tag, is_indexed, is_newest, is_suggested

PAGE = 500  # questions whose tags are read with one statement
RARE = 2_000  # questions of a tag that are all looked at


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
    """Yield results, the newest prediction first; memory holds one page of them at a time.

    with reading(engine) as connection:
        for result in find_results(connection, Filter(site="stats", tag="regression")):
            print(result.title, [tag.tag for tag in result.suggested])
    """
    statement = _newest_predictions(chosen).where(*_of_likely_tag(connection, chosen))
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
        .where(is_newest(), _has_tag(chosen))
        .order_by(Prediction.predicted_at.desc(), Question.question_id.desc())
    )
    if chosen.site is not None:
        statement = statement.where(Question.site == chosen.site)
    if chosen.since is not None:
        statement = statement.where(Prediction.predicted_at >= chosen.since)
    return statement


def _of_likely_tag(connection: Connection, chosen: Filter) -> list[ColumnElement[bool]]:
    """What leads to the predictions of the filter's tag.

    Of a rare tag the keys themselves: Postgres takes it for one like all others, and would walk
    through the predictions of years for as many of it as are asked for.
    """
    if chosen.tag is None or not is_indexed(chosen.min_probability):
        return []
    found = find_by_tag(chosen.tag)
    keys = connection.scalars(found.limit(RARE + 1)).all()
    return [Prediction.question_pk.in_(sorted(set(keys)) if len(keys) <= RARE else found)]


def _has_tag(chosen: Filter) -> ColumnElement[bool]:
    """Whether the prediction has a tag that is asked for, or any; looked up one by one."""
    conditions = [
        PredictedTag.question_pk == Prediction.question_pk,
        PredictedTag.model_version_id == Prediction.model_version_id,
    ]
    if chosen.tag is not None:
        conditions.append(PredictedTag.tag == chosen.tag)
    if chosen.min_probability is not None:
        conditions.append(PredictedTag.probability >= chosen.min_probability)
    elif chosen.tag is not None:
        conditions.append(is_suggested())
    found = select(literal(1)).where(*conditions).correlate(Prediction, Question)
    return found.limit(1).scalar_subquery().is_not(None)


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
            is_suggested(),
        )
        .join(Question, Question.id == PredictedTag.question_pk)
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
