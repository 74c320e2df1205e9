"""Queries on the results: each question with its newest prediction."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Select, SQLColumnExpression, and_, case, exists, func, literal, or_, select
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement

from core.database.keys import one_of
from core.database.tables import ModelVersion, Prediction, Question, QuestionTag
from core.database.views import OwnTags, PredictedTag, SiteCount, own_tags
from core.questions.suggested import is_blocked, is_indexed, is_newest, is_suggested
from core.questions.verdicts import Joint, read_joint_verdicts_on
from review.results.by_tags import lead_by_all, lead_by_any, lead_by_one
from review.results.cursor import Place

PAGE = 500  # questions whose tags are read with one statement
FEW = 5_000  # questions of some sites that are all looked at
SMALL_PART = 4  # a small site has at most one of so many questions

Match = Literal["any", "all"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which results; what is empty, None or False does not matter.

    Attributes:
        sites: only of these.
        tags: only questions for which these are suggested, or with `min_probability` those where
            they reach that.
        match: whether one of the tags does, or all of them have to.
        since: only predictions made at or after it (UTC).
        min_probability: tags below it are left out, and questions that have none above it.
        without_suggestion: only questions for which nothing is suggested.
        disagrees: only questions for which a tag is suggested that their author did not choose.
        after: only what was predicted behind this place, and before `until`, the oldest first.
        until: with `after`, only predictions made before it (UTC).
    """

    sites: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    match: Match = "any"
    since: datetime | None = None
    min_probability: float | None = None
    without_suggestion: bool = False
    disagrees: bool = False
    after: Place | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ResultTag:
    """One of a prediction's tags, and what reviewers' verdicts on it come to."""

    tag: str
    probability: float
    suggested: bool
    verdict: Joint | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """A question, its author's tags, and its newest prediction's but blocked ones, best first."""

    site: str
    question_id: int
    title: str
    link: str | None
    author_tags: tuple[str, ...]
    model_version: int
    predicted_at: datetime
    tags: tuple[ResultTag, ...]
    place: Place

    @property
    def suggested(self) -> tuple[ResultTag, ...]:
        """The tags that are suggested, possibly none."""
        return tuple(tag for tag in self.tags if tag.suggested)


def find_results(
    connection: Connection, chosen: Filter, *, limit: int | None = None
) -> Iterator[Result]:
    """Yield results, the newest prediction first; memory holds one page of them at a time.

    with reading(engine) as connection:
        for result in find_results(connection, Filter(sites=("stats",), tags=("regression",))):
            print(result.title, [tag.tag for tag in result.suggested])
    """
    is_sqlite = connection.dialect.name == "sqlite"
    is_small_site = is_sqlite and _are_small(connection, chosen.sites)
    leading, at = _of_small_sites() if is_small_site else _of_likely_tags(connection, chosen, limit)
    of_tags = _of_tags(chosen, own_tags(connection))
    statement = _newest_predictions(chosen, at).where(*leading, *of_tags)
    if chosen.sites:
        # So that no index has it, or SQLite begins with all of a large site's questions.
        is_hidden = is_sqlite and not is_small_site
        site = Question.site.concat("") if is_hidden else Question.site
        statement = statement.where(site.in_(chosen.sites))
    if limit is not None:
        statement = statement.limit(limit)
    # Of a cursor Postgres takes a tenth to be read, and walks through all dates for the first rows.
    is_small = limit is not None and limit <= PAGE
    rows = connection.execute(statement, execution_options={} if is_small else {"yield_per": PAGE})
    for page in rows.partitions(PAGE):
        tags = _tags_of(connection, {row.question_pk: row.version_id for row in page}, chosen)
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
                Place(row.predicted_at, row.question_pk),
            )


def is_anything_tagged(connection: Connection) -> bool:
    """Whether there is any prediction."""
    return connection.execute(select(Prediction.question_pk).limit(1)).first() is not None


def _are_small(connection: Connection, sites: Collection[str]) -> bool:
    """Whether sites are asked for that have few questions, and few of all that there are."""
    if not sites:
        return False
    own = case((SiteCount.site.in_(sites), SiteCount.questions), else_=0)
    counted = select(func.sum(own), func.sum(SiteCount.questions))
    few, total = (count or 0 for count in connection.execute(counted).one())
    return few <= FEW and few * SMALL_PART <= total


def _of_small_sites() -> tuple[list[ColumnElement[bool]], SQLColumnExpression[datetime]]:
    """Nothing leads but their questions: the time is in no index's order."""
    return [], func.coalesce(Prediction.predicted_at, Prediction.predicted_at)


def _newest_predictions(
    chosen: Filter, at: SQLColumnExpression[datetime]
) -> Select[*tuple[Any, ...]]:
    """Predictions and their questions, in the order of their times, which an index may have."""
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
        .where(is_newest())
    )
    if chosen.since is not None:
        statement = statement.where(at >= chosen.since)
    if chosen.after is None:
        return statement.order_by(at.desc(), Question.question_id.desc())
    behind = _behind(chosen.after, chosen.until, at)
    return statement.where(*behind).order_by(at, Prediction.question_pk)


def _behind(
    place: Place, until: datetime | None, at: SQLColumnExpression[datetime]
) -> Iterator[ColumnElement[bool]]:
    """What comes behind a place, as far as it is asked for."""
    yield at >= place.predicted_at  # by which an index leads
    yield or_(at > place.predicted_at, Prediction.question_pk > place.question_pk)
    if until is not None:
        yield at < until


def _of_likely_tags(
    connection: Connection, chosen: Filter, limit: int | None
) -> tuple[list[ColumnElement[bool]], SQLColumnExpression[datetime]]:
    """What leads to the predictions of the filter's tags, and the time that they are ordered by."""
    if not chosen.tags or not is_indexed(chosen.min_probability):
        return [], Prediction.predicted_at
    if len(chosen.tags) == 1:
        return lead_by_one(chosen.tags[0])
    if chosen.match == "any":
        return lead_by_any(connection, chosen.tags)
    # As probable may be few of those in which all tags are likely.
    wanted = limit if chosen.min_probability is None and chosen.after is None else None
    return lead_by_all(connection, chosen.tags, sites=chosen.sites, wanted=wanted)


def _of_tags(chosen: Filter, own: OwnTags) -> Iterator[ColumnElement[bool]]:
    """What the prediction's tags have to be; each looked at one by one."""
    reached = is_suggested(own)
    if chosen.min_probability is not None:
        reached = and_(own.probability >= chosen.min_probability, ~is_blocked(own))
    if chosen.tags and chosen.match == "any":
        yield _has_tag(own, own.tag.in_(chosen.tags), reached)
    elif chosen.tags:
        yield from (_has_tag(own, own.tag == tag, reached) for tag in chosen.tags)
    elif chosen.min_probability is not None:
        yield _has_tag(own, reached)
    if chosen.without_suggestion:
        yield ~_has_tag(own, is_suggested(own))
    if chosen.disagrees:
        yield _has_tag(own, is_suggested(own), ~_is_authors(own))


def _is_authors(own: OwnTags) -> ColumnElement[bool]:
    """Whether the author chose one of the prediction's tags too."""
    chosen = and_(QuestionTag.question_pk == Prediction.question_pk, QuestionTag.tag == own.tag)
    return exists().where(chosen).correlate_except(QuestionTag)


def _has_tag(own: OwnTags, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether the prediction has such a tag."""
    found = select(literal(1)).select_from(own.rows).where(*conditions)
    return found.correlate(Prediction, Question).limit(1).scalar_subquery().is_not(None)


def _tags_of(
    connection: Connection, version_of: Mapping[int, int], chosen: Filter
) -> dict[int, list[ResultTag]]:
    """The tags of predictions, given by the keys of question and version."""
    statement = (
        select(PredictedTag)
        .with_only_columns(
            PredictedTag.question_pk,
            PredictedTag.model_version_id,
            PredictedTag.tag,
            PredictedTag.probability,
            PredictedTag.suggested,
        )
        .join(Question, Question.id == PredictedTag.question_pk)
        .where(one_of(connection, PredictedTag.question_pk, version_of), ~is_blocked())
        .order_by(PredictedTag.probability.desc(), PredictedTag.tag)
    )
    if chosen.min_probability is not None:
        statement = statement.where(PredictedTag.probability >= chosen.min_probability)
    verdicts = read_joint_verdicts_on(connection, version_of)
    tags: dict[int, list[ResultTag]] = {}
    for pk, version_id, tag, probability, suggested in connection.execute(statement):
        if version_of[pk] == version_id:
            verdict = verdicts.get(pk, {}).get(tag)
            tags.setdefault(pk, []).append(ResultTag(tag, probability, suggested, verdict))
    return tags
