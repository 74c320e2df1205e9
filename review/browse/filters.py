"""Which questions somebody looks through, as conditions in SQL."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal, get_args

from sqlalchemy import Select, SQLColumnExpression, and_, literal, not_, or_, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement

from core.database.keys import CHUNK, HELD, are_at_most, is_held
from core.database.review_tables import QueuedQuestion, Review
from core.database.tables import LikelyTag, Question, QuestionTag, TaggingRequest
from core.database.views import PredictedTag
from core.database.words import holds_word
from core.questions.lifecycle import is_pending
from core.questions.suggested import find_by_tag, is_blocked, is_indexed, is_suggested
from review.decisions.filters import words_of

Near = Callable[[SQLColumnExpression[int]], ColumnElement[bool]]
State = Literal["pending", "suggested", "reviewed", "disputed", "parked"]
STATES: Final[tuple[State, ...]] = get_args(State)

FEW: Final = 2_000  # questions that are all looked at, where an index gives no more of them
RANKED: Final = 5_000  # questions of a tag whose probability is looked up


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowseFilter:
    """Which questions; what is None does not matter.

    Attributes:
        site: of this site.
        tag: to which their author gave this tag, or for which it is suggested. One that is blocked
            at the site is suggested for none, and has no probability.
        state: pending (a worker is to tag it), suggested (with a suggested tag), reviewed,
            disputed (its reviewers disagree) or parked.
        since: asked at or after it (UTC).
        until: asked before it (UTC).
        min_probability: whose tag, or any tag where none is named, is as probable.
        q: whose title holds all of these words, as parts of words too.
    """

    site: str
    tag: str | None = None
    state: State | None = None
    since: datetime | None = None
    until: datetime | None = None
    min_probability: float | None = None
    q: str | None = None

    @property
    def by_date(self) -> bool:
        """Whether questions come in the order of their dates, instead of their numbers."""
        return self.since is not None or self.until is not None


def few_keys(connection: Connection, chosen: BrowseFilter) -> list[int] | None:
    """The keys of all questions that may match, where an index says they are few.

    None where they are not: the site's questions are then walked through in their order.
    """
    for keys in _narrow(chosen):
        found = connection.scalars(keys.limit(FEW + 1)).all()
        if len(found) <= FEW:
            return sorted(set(found))
    return _probable_keys(connection, chosen)


def _probable_keys(connection: Connection, chosen: BrowseFilter) -> list[int] | None:
    """The keys of the questions for which a tag is as probable, of a tag that has not too many."""
    tag, least = chosen.tag, chosen.min_probability
    if tag is None or least is None or not is_indexed(least):
        return None
    likely = find_by_tag(tag)
    if not are_at_most(connection, likely, RANKED):
        return None
    as_probable = select(literal(1)).where(
        PredictedTag.question_pk == LikelyTag.question_pk,
        PredictedTag.model_version_id == LikelyTag.model_version_id,
        PredictedTag.tag == tag,
        PredictedTag.probability >= least,
    )
    found = connection.scalars(likely.where(_is_found(as_probable)).limit(FEW + 1)).all()
    return sorted(set(found)) if len(found) <= FEW else None


def held_keys(connection: Connection, chosen: BrowseFilter) -> list[Select[int]]:
    """SELECTs of keys by an index, of those that give not too many: what matches is in each.

    Not of reviewed ones, which lie close together, and whose index has no outcome.
    """
    wanted = replace(chosen, state=None) if chosen.state == "reviewed" else chosen
    return [keys for keys in _narrow(wanted) if are_at_most(connection, keys, HELD)]


def _narrow(chosen: BrowseFilter) -> Iterator[Select[int]]:
    """SELECTs of keys that one index answers each; they may give too many, never too few."""
    of_site = TaggingRequest.site == chosen.site
    match chosen.state:
        case "pending":
            yield select(TaggingRequest.question_pk).where(of_site, is_pending())
        case "parked":
            yield select(TaggingRequest.question_pk).where(of_site, not_(is_pending()))
        case "disputed":
            queued = QueuedQuestion.site == chosen.site
            yield select(QueuedQuestion.question_pk).where(queued, text("conflicting"))
        case "reviewed":
            yield select(Review.question_pk).where(Review.outcome == "saved")
    if chosen.tag is not None and is_indexed(chosen.min_probability):
        likely = find_by_tag(chosen.tag)
        author = select(QuestionTag.question_pk).where(
            QuestionTag.site == chosen.site, QuestionTag.tag == chosen.tag
        )
        either = select(likely.union_all(author).subquery().c[0])
        yield either if chosen.min_probability is None else likely


def conditions(chosen: BrowseFilter, near: Near | None = None) -> list[ColumnElement[bool]]:
    """The filter's conditions on a row of `questions` that is looked up by its key.

    Args:
        chosen: the filter.
        near: whether a column is one of the keys that the statement looks up, CHUNK at most, where
            they lie near each other: other tables' rows are then read for all of them at once.
    """
    # Written so that no index has it: SQLite would read all of a site's rather than look keys up.
    found = [Question.site.concat("") == chosen.site, *bounds(chosen)]
    found += [holds_word(Question.title, word) for word in words_of(chosen.q or "")]
    found += _of_tag(chosen, near)
    if chosen.state is not None:
        found.append(_is_in_state(chosen.state, chosen.site, near))
    return found


def bounds(chosen: BrowseFilter) -> list[ColumnElement[bool]]:
    """The dates, between which an index leads."""
    found: list[ColumnElement[bool]] = []
    if chosen.since is not None:
        found.append(Question.created_at >= chosen.since)
    if chosen.until is not None:
        found.append(Question.created_at < chosen.until)
    return found


def _of_tag(chosen: BrowseFilter, near: Near | None) -> list[ColumnElement[bool]]:
    least = chosen.min_probability
    if chosen.tag is None:
        return [] if least is None else [_has_tag(near, *_is_as_probable(chosen.site, least))]
    of_tag = PredictedTag.tag == chosen.tag
    if least is not None:
        return [_has_tag(near, of_tag, *_is_as_probable(chosen.site, least))]
    author = select(QuestionTag.question_pk).where(QuestionTag.tag == chosen.tag)
    is_authors = _has_one(author, near, QuestionTag.question_pk)
    return [or_(is_authors, _has_tag(near, of_tag, is_suggested(site=chosen.site)))]


def _is_as_probable(site: str, least: float) -> list[ColumnElement[bool]]:
    return [PredictedTag.probability >= least, ~is_blocked(site=site)]


def _has_tag(near: Near | None, *wanted: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether the question's newest prediction has such a tag."""
    rows = select(QueuedQuestion.question_pk).where(
        PredictedTag.question_pk == QueuedQuestion.question_pk,
        PredictedTag.model_version_id == QueuedQuestion.model_version_id,
        *wanted,
    )
    return _has_one(rows, near, QueuedQuestion.question_pk, PredictedTag.question_pk)


def _has_request(near: Near | None, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    rows = select(TaggingRequest.question_pk).where(condition)
    return _has_one(rows, near, TaggingRequest.question_pk)


def _is_queued(near: Near | None, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    rows = select(QueuedQuestion.question_pk).where(condition)
    return _has_one(rows, near, QueuedQuestion.question_pk)


def _has_one(
    rows: Select[int], near: Near | None, *keys: SQLColumnExpression[int]
) -> ColumnElement[bool]:
    """Whether a question has one of the rows, in which `keys` are the question's key."""
    if near is None:
        return _is_found(rows.where(keys[0] == Question.id))
    return is_held(Question.id, rows.where(*map(near, keys)).distinct(), most=CHUNK)


def _is_found(rows: Select[int]) -> ColumnElement[bool]:
    """Whether there is a row, looked up question by question.

    Of an EXISTS, Postgres may make a join with all rows that there are, or a hash of them: a page
    of one tag among 400,000 questions took seconds.
    """
    return rows.limit(1).scalar_subquery().is_not(None)


def _is_in_state(state: State, site: str, near: Near | None) -> ColumnElement[bool]:
    match state:
        case "pending":
            return _has_request(near, is_pending())
        case "parked":
            return _has_request(near, not_(is_pending()))
        case "disputed":
            return _is_queued(near, and_(QueuedQuestion.conflicting))
        case "reviewed":
            return _is_queued(near, QueuedQuestion.reviews > 0)
        case "suggested":
            return _has_tag(near, is_suggested(site=site))
