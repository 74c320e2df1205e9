"""Which questions of the queue a reviewer wants, as conditions in SQL.

A filter by tag has an index: of a rare tag all questions are looked at, of a common one the queue
is walked until enough of them are found (`review/decisions/walk.py`). The other filters, by words,
probability, date and state, have none, and look at what the walk meets.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import Select, TextClause, and_, exists, false, func, not_, or_, select, text, true
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement

from core.database.arrays import first_of, is_among_first
from core.database.keys import HELD, are_at_most
from core.database.known_tags import spell_tag
from core.database.review_tables import (
    BlockedTag,
    QueuedQuestion,
    Review,
    ReviewAction,
    ReviewChange,
)
from core.database.tables import LikelyTag, Prediction, Question, QuestionTag
from core.database.views import PredictedTag
from core.database.words import holds_word
from core.questions.gone import GONE, is_gone
from core.questions.suggested import find_by_tag, is_likely, read_blocked_tags

Order = Literal["newest", "uncertain", "disputed", "random", "conflicts"]
ORDERS: Final[tuple[Order, ...]] = ("newest", "uncertain", "disputed", "random", "conflicts")

RARE = 2_000  # questions of a tag that are all looked at
MOST_WORDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFilter:
    """Which questions; what is None does not matter.

    Attributes:
        site: of this site.
        suggested: for which this tag is suggested.
        author: to which their author gave this tag.
        tag: either of both.
        state: of this state on their site; else of any but deleted and migrated.
        min_probability: whose tag, or any suggested one where none is named, is as probable.
        q: whose title holds all of these words, as parts of words too.
        since: predicted at or after it (UTC).
    """

    site: str | None = None
    suggested: str | None = None
    author: str | None = None
    tag: str | None = None
    state: str | None = None
    min_probability: float | None = None
    q: str | None = None
    since: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """What is set of it, as a saved filter keeps it."""
        values = {name: value for name, value in asdict(self).items() if value is not None}
        return values | ({"since": self.since.isoformat()} if self.since else {})

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "QueueFilter":
        """The filter that to_json() wrote."""
        known = {field.name for field in fields(cls)}
        given = {name: value for name, value in values.items() if name in known}
        if "since" in given:
            given["since"] = datetime.fromisoformat(given["since"])
        return cls(**given)

    def digest(self, order: str) -> str:
        """What tells queues apart, in 64 characters."""
        text = json.dumps([order, self.to_json()], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def spell_tags(connection: Connection, chosen: QueueFilter) -> QueueFilter:
    """A filter with its tags as the site writes them; what is none stays, and is found nowhere."""
    sites = [] if chosen.site is None else [chosen.site]
    named = {name: getattr(chosen, name) for name in ("suggested", "author", "tag")}
    spelled: dict[str, Any] = {
        name: spell_tag(connection, tag, sites=sites) for name, tag in named.items() if tag
    }
    return replace(chosen, **spelled)


def is_impossible(connection: Connection, chosen: QueueFilter, site: str) -> bool:
    """Whether no question can match: the tag that is to be suggested is blocked."""
    return chosen.suggested is not None and chosen.suggested in read_blocked_tags(connection, site)


def rare_questions(connection: Connection, chosen: QueueFilter, site: str) -> Select[int] | None:
    """A SELECT of the keys of all questions of the filter's tag, where the tag is rare.

    Of several tags the first rare one. It may give too many, never too few.
    """
    for keys in questions_by_tag(chosen, site):
        if are_at_most(connection, keys, RARE):
            return keys
    return None


def held_questions(connection: Connection, chosen: QueueFilter, site: str) -> list[Select[int]]:
    """SELECTs of the keys of all questions of the filter's tags, of those with not too many.

    What matches is among the keys of each.
    """
    return [keys for keys in questions_by_tag(chosen, site) if are_at_most(connection, keys, HELD)]


def questions_by_tag(chosen: QueueFilter, site: str) -> Iterator[Select[int]]:
    """SELECTs of the keys of all questions of each of the filter's tags, by the tags' indexes."""
    if chosen.suggested is not None:
        yield find_by_tag(chosen.suggested)
    if chosen.author is not None:
        yield _keys_of_author(chosen.author, site)
    if chosen.tag is not None:
        either = find_by_tag(chosen.tag).union_all(_keys_of_author(chosen.tag, site))
        yield select(either.subquery().c[0])


def newest_questions(chosen: QueueFilter, site: str) -> list[Select[int]]:
    """SELECTs of the keys of all questions of one of the filter's tags, the newest first.

    By the tag's indexes: of which it is suggested, and its authors'. They may give too many.
    """
    if chosen.suggested is not None:
        return [_newest_suggested(chosen.suggested)]
    if chosen.author is not None:
        return [_newest_of_author(chosen.author, site)]
    if chosen.tag is not None:
        return [_newest_suggested(chosen.tag), _newest_of_author(chosen.tag, site)]
    return []


def _newest_suggested(tag: str) -> Select[int]:
    return find_by_tag(tag).order_by(LikelyTag.predicted_at.desc(), LikelyTag.question_pk.desc())


def _newest_of_author(tag: str, site: str) -> Select[int]:
    return _keys_of_author(tag, site).order_by(QuestionTag.question_pk.desc())


def _keys_of_author(tag: str, site: str) -> Select[int]:
    return select(QuestionTag.question_pk).where(QuestionTag.site == site, QuestionTag.tag == tag)


def is_of_site(connection: Connection, site: str) -> ColumnElement[bool]:
    """Whether a row of the queue that is looked up by its key is of a site.

    On SQLite written so that no index has it: not analysed, it would read all of a site's rows.
    """
    of_site = QueuedQuestion.site
    return (of_site.concat("") if connection.dialect.name == "sqlite" else of_site) == site


def is_waiting(order: Order) -> list[ColumnElement[bool] | TextClause]:
    """Whether the queue of an order has a question, whoever asks; by its index."""
    queue = QueuedQuestion
    match order:
        case "conflicts":
            # Word for word as the index has it, or SQLite does not know it again.
            return [text("conflicting")]
        case "uncertain":
            return [is_open(), queue.uncertainty.is_not(None)]
        case "disputed":
            return [is_open(), queue.label_quality.is_not(None)]
        case _:
            return [is_open()]


def is_undecided(
    reviewer: str, order: Order, queue: type[QueuedQuestion] = QueuedQuestion
) -> ColumnElement[bool]:
    """Whether the reviewer is not done with a queued question."""
    return ~find_decision(reviewer, order, queue).exists()


def find_decision(
    reviewer: str, order: Order, queue: type[QueuedQuestion] = QueuedQuestion
) -> Select[int]:
    """A SELECT that gives a row where the reviewer is done with a queued question.

    That is saved or skipped; of conflicts skipped alone: those in which the reviewer has a part
    come too.
    """
    if order == "conflicts":
        skipped = select(ReviewChange.question_pk).where(
            ReviewChange.question_pk == queue.question_pk,
            ReviewChange.action_id == ReviewAction.id,
            ReviewAction.reviewer == reviewer,
            ReviewAction.kind == "skip",
            ReviewAction.undone_at.is_(None),
        )
        return skipped.correlate(queue)
    reviewed = select(Review.question_pk).where(
        Review.question_pk == queue.question_pk, Review.reviewer == reviewer
    )
    return reviewed.correlate(queue)


def is_open() -> ColumnElement[bool]:
    """Whether a queued question wants another review."""
    return QueuedQuestion.reviews < QueuedQuestion.wanted_reviews


def conditions(
    chosen: QueueFilter, queue: type[QueuedQuestion] = QueuedQuestion
) -> list[ColumnElement[bool]]:
    """The filter's conditions on a row of the queue that is joined with its question.

    Args:
        chosen: the filter.
        queue: the table, or an alias of a part of it.
    """
    found = [Question.state == chosen.state if chosen.state else is_there(chosen)]
    if chosen.since is not None:
        found.append(queue.predicted_at >= chosen.since)
    found += hold_words(chosen)
    if chosen.suggested is not None:
        found.append(_is_suggested(queue, chosen.suggested, chosen.min_probability))
    if chosen.author is not None:
        found.append(_is_authors(queue, chosen.author))
    if chosen.tag is not None:
        suggested = _is_suggested(queue, chosen.tag, chosen.min_probability)
        found.append(or_(suggested, _is_authors(queue, chosen.tag)))
    if chosen.min_probability is not None and not (chosen.suggested or chosen.tag):
        found.append(_is_suggested(queue, None, chosen.min_probability))
    return found


def is_there(chosen: QueueFilter) -> ColumnElement[bool]:
    """Whether a question is on its site still; all are where those that are not are asked for."""
    return true() if chosen.state in GONE else not_(is_gone())


def hold_words(chosen: QueueFilter) -> list[ColumnElement[bool]]:
    """Whether the title holds each of the filter's words."""
    return [holds_word(Question.title, word) for word in words_of(chosen.q or "")]


def words_of(text: str) -> list[str]:
    """The words that a title must hold."""
    return text.split()[:MOST_WORDS]


def _is_suggested(
    queue: type[QueuedQuestion], tag: str | None, least: float | None
) -> ColumnElement[bool]:
    """Whether a tag, or any, is suggested as probably at least, and is not blocked."""
    if tag is not None and least is None:
        return and_(is_likely(queue, tag), _is_listed(queue, tag))
    # Correlated by name: of itself it would be with the enclosing EXISTS alone.
    blocked = exists().where(BlockedTag.site == queue.site, BlockedTag.tag == PredictedTag.tag)
    wanted = [
        PredictedTag.question_pk == queue.question_pk,
        PredictedTag.model_version_id == queue.model_version_id,
        PredictedTag.suggested,
        ~blocked.correlate(queue, PredictedTag),
        PredictedTag.probability >= (least or 0),
    ]
    if tag is None:
        return and_(_is_highest(queue, least or 0), exists().where(*wanted))
    return and_(is_likely(queue, tag), exists().where(PredictedTag.tag == tag, *wanted))


# What follows is told without a row for each tag of a prediction. In scalar subqueries, since of
# an EXISTS Postgres may make a join with all rows that there are.


def _is_listed(queue: type[QueuedQuestion], tag: str) -> ColumnElement[bool]:
    """Whether a tag is among those that the prediction suggests, and is not blocked."""
    blocked = exists().where(BlockedTag.site == queue.site, BlockedTag.tag == tag)
    is_listed = is_among_first(tag, Prediction.tags, Prediction.suggested_count)
    listed = select(is_listed).where(*_of_prediction(queue), ~blocked.correlate(queue))
    return func.coalesce(listed.correlate(queue).scalar_subquery(), false())


def _is_highest(queue: type[QueuedQuestion], least: float) -> ColumnElement[bool]:
    """Whether the most probable suggested tag, which stands first, is as probable."""
    highest = select(first_of(Prediction.probabilities)).where(
        *_of_prediction(queue), Prediction.suggested_count > 0
    )
    return highest.correlate(queue).scalar_subquery() >= least


def _of_prediction(queue: type[QueuedQuestion]) -> tuple[ColumnElement[bool], ...]:
    return (
        Prediction.question_pk == queue.question_pk,
        Prediction.model_version_id == queue.model_version_id,
    )


def has_tag(tag: str) -> ColumnElement[bool]:
    """Whether a tag is suggested for a queued question, unblocked, or its author's."""
    return or_(_is_suggested(QueuedQuestion, tag, None), _is_authors(QueuedQuestion, tag))


def _is_authors(queue: type[QueuedQuestion], tag: str) -> ColumnElement[bool]:
    authors = select(QuestionTag.question_pk).where(
        QuestionTag.question_pk == queue.question_pk, QuestionTag.tag == tag
    )
    return authors.correlate(queue).scalar_subquery().is_not(None)
