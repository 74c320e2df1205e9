"""A question as a reviewer is shown it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.engine import Connection

from core.database.review_tables import BlockedTag, Note, QueuedQuestion, Review, Verdict
from core.database.tables import ModelVersion, Prediction, Question
from core.database.views import PredictedTag
from review.decisions.states import State, read_states

MOST_NOTES = 100  # shown of a question, the newest


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One of the kept tags of the newest prediction."""

    tag: str
    probability: float
    suggested: bool


@dataclass(frozen=True, slots=True)
class QuestionNote:
    """A reviewer's note."""

    reviewer: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class QuestionView:
    """What a reviewer is shown of a question.

    Attributes:
        question: its row.
        model_version: the number of the version whose suggestions these are; None without any.
        suggestions: kept tags but blocked ones, the most probable first.
        own: what stands of this reviewer.
        others: of the others, what each said, by name; None until the reviewer's own is saved.
        notes: the oldest first; the others' too, once the reviewer's own decision is saved.
        conflicting_tags: on which reviewers disagree, without saying who says what.
        reviews: how many have saved it.
        wanted_reviews: how many are to.
    """

    question: Any
    model_version: int | None
    suggestions: list[Suggestion]
    own: State
    others: dict[str, dict[str, str]] | None
    notes: list[QuestionNote]
    conflicting_tags: list[str]
    reviews: int
    wanted_reviews: int


def view_question(connection: Connection, pk: int, reviewer: str) -> QuestionView:
    """Read all that a reviewer is shown of the question with this key."""
    columns = Question.__table__.c
    question = connection.execute(select(*columns).where(columns.id == pk)).one()
    version_id, version = _newest_version(connection, pk)
    own = read_states(connection, reviewer, [pk])[pk]
    verdicts = _read_verdicts(connection, pk)
    has_saved = own.review is not None and own.review.outcome == "saved"
    counts = select(QueuedQuestion.reviews, QueuedQuestion.wanted_reviews)
    queued = connection.execute(counts.where(QueuedQuestion.question_pk == pk)).one_or_none()
    return QuestionView(
        question=question,
        model_version=version,
        suggestions=_read_suggestions(connection, pk, version_id, question.site),
        own=own,
        others=_others(connection, pk, reviewer, verdicts) if has_saved else None,
        notes=_read_notes(connection, pk, None if has_saved else reviewer),
        conflicting_tags=_conflicting(verdicts),
        reviews=queued.reviews if queued else 0,
        wanted_reviews=queued.wanted_reviews if queued else 1,
    )


def _newest_version(connection: Connection, pk: int) -> tuple[int | None, int | None]:
    newest = (
        select(ModelVersion.id, ModelVersion.version)
        .join(Prediction, Prediction.model_version_id == ModelVersion.id)
        .where(Prediction.question_pk == pk)
        .order_by(Prediction.predicted_at.desc(), ModelVersion.id.desc())
        .limit(1)
    )
    row = connection.execute(newest).one_or_none()
    return (None, None) if row is None else (row.id, row.version)


def _read_suggestions(
    connection: Connection, pk: int, version_id: int | None, site: str
) -> list[Suggestion]:
    blocked = select(BlockedTag.tag).where(BlockedTag.site == site)
    kept = (
        select(PredictedTag.tag, PredictedTag.probability, PredictedTag.suggested)
        .where(
            PredictedTag.question_pk == pk,
            PredictedTag.model_version_id == version_id,
            PredictedTag.tag.not_in(blocked),
        )
        .order_by(PredictedTag.probability.desc(), PredictedTag.tag)
    )
    return [Suggestion(*row) for row in connection.execute(kept)]


def _read_verdicts(connection: Connection, pk: int) -> Sequence[Any]:
    said = select(Verdict.reviewer, Verdict.tag, Verdict.verdict, Verdict.settles)
    chosen = said.where(Verdict.question_pk == pk).order_by(Verdict.reviewer, Verdict.tag)
    return connection.execute(chosen).all()


def _others(
    connection: Connection, pk: int, reviewer: str, verdicts: Sequence[Any]
) -> dict[str, dict[str, str]]:
    saved = select(Review.reviewer).where(
        Review.question_pk == pk, Review.outcome == "saved", Review.reviewer != reviewer
    )
    others: dict[str, dict[str, str]] = {name: {} for name in connection.scalars(saved)}
    for row in verdicts:
        if row.reviewer != reviewer:
            others.setdefault(row.reviewer, {})[row.tag] = row.verdict
    return others


def _conflicting(verdicts: Sequence[Any]) -> list[str]:
    settled = {row.tag for row in verdicts if row.settles}
    against = {row.tag for row in verdicts if row.verdict == "rejected"}
    in_favour = {row.tag for row in verdicts if row.verdict != "rejected"}
    return sorted((against & in_favour) - settled)


def _read_notes(connection: Connection, pk: int, writer: str | None) -> list[QuestionNote]:
    """The notes on a question, by this writer or by all."""
    notes = select(Note.reviewer, Note.at, Note.text).where(Note.question_pk == pk)
    if writer is not None:
        notes = notes.where(Note.reviewer == writer)
    newest = connection.execute(notes.order_by(Note.id.desc()).limit(MOST_NOTES)).all()
    return [QuestionNote(*row) for row in reversed(newest)]


def edit_link(link: str | None, question_id: int) -> str | None:
    """The address of a question's edit page, by the address of the question on its site.

    edit_link("https://stats.stackexchange.com/questions/5/why", 5)
    # "https://stats.stackexchange.com/posts/5/edit"
    """
    try:
        parts = urlsplit(link or "")
    except ValueError:  # of brackets that are no IPv6 address
        return None
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return None
    return f"{parts.scheme}://{parts.netloc}/posts/{question_id}/edit"
