"""What a page and an export show of a question."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from core.database.keys import in_chunks
from core.database.review_tables import QueuedQuestion
from core.database.tables import ModelVersion, Question, TaggingRequest
from core.database.views import PredictedTag
from core.questions.suggested import read_blocked_tags
from core.questions.verdicts import Joint, read_joint_verdicts_on


@dataclass(frozen=True, slots=True)
class Predicted:
    """One of a prediction's tags."""

    tag: str
    probability: float
    suggested: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowsedQuestion:
    """A question with its newest prediction, if it has one. Times are UTC.

    Attributes:
        owner: who asked, as the licence asks for it to be named.
        tags: of the prediction, the most probable first.
        model_version: that predicted them.
        states: pending, parked, reviewed, disputed, in so far as they hold.
        site_state: on its site: open, answered, closed, migrated or deleted.
        verdicts: what reviewers say together, by tag.
    """

    site: str
    question_id: int
    title: str
    link: str | None
    owner: str | None
    licence: str | None
    created_at: datetime | None
    author_tags: tuple[str, ...]
    site_state: str
    states: tuple[str, ...]
    model_version: int | None = None
    predicted_at: datetime | None = None
    tags: tuple[Predicted, ...] = ()
    verdicts: dict[str, Joint] = field(default_factory=dict)

    @property
    def suggested(self) -> tuple[Predicted, ...]:
        """The tags that are suggested, possibly none."""
        return tuple(tag for tag in self.tags if tag.suggested)

    def to_json(self) -> dict[str, Any]:
        """As the API and an export tell it; verdicts are told by exports alone."""
        return {
            "site": self.site,
            "question_id": self.question_id,
            "title": self.title,
            "link": self.link,
            "author": self.owner,
            "licence": self.licence,
            "created_at": self.created_at.isoformat() if self.created_at else None,
            "author_tags": list(self.author_tags),
            "site_state": self.site_state,
            "states": list(self.states),
            "model_version": self.model_version,
            "predicted_at": self.predicted_at.isoformat() if self.predicted_at else None,
            "tags": [
                {"tag": one.tag, "probability": one.probability, "suggested": one.suggested}
                for one in self.tags
            ],
        }


def read_rows(connection: Connection, pks: Sequence[int]) -> list[BrowsedQuestion]:
    """Read questions by their keys, in the order of the keys."""
    found: dict[int, BrowsedQuestion] = {}
    for chunk in in_chunks(pks):
        found |= _read(connection, chunk)
    return [found[pk] for pk in pks if pk in found]


def _read(connection: Connection, pks: Sequence[int]) -> dict[int, BrowsedQuestion]:
    rows = connection.execute(_select().where(Question.id.in_(pks))).all()
    versions = {row.id: row.model_version_id for row in rows if row.model_version_id is not None}
    blocked = {site: read_blocked_tags(connection, site) for site in {row.site for row in rows}}
    tags = read_tags(connection, versions)
    verdicts = read_joint_verdicts_on(connection, pks)
    return {row.id: _question(row, tags, verdicts, blocked[row.site]) for row in rows}


def _select() -> Any:
    return (
        select(
            Question.id,
            Question.site,
            Question.question_id,
            Question.title,
            Question.link,
            Question.owner,
            Question.licence,
            Question.created_at,
            Question.author_tags,
            Question.state,
            TaggingRequest.requested_at,
            TaggingRequest.parked_at,
            QueuedQuestion.model_version_id,
            QueuedQuestion.predicted_at,
            QueuedQuestion.reviews,
            QueuedQuestion.conflicting,
            ModelVersion.version,
        )
        .outerjoin(TaggingRequest, TaggingRequest.question_pk == Question.id)
        .outerjoin(QueuedQuestion, QueuedQuestion.question_pk == Question.id)
        .outerjoin(ModelVersion, ModelVersion.id == QueuedQuestion.model_version_id)
    )


def _question(
    row: Any,
    tags: dict[int, list[Predicted]],
    verdicts: dict[int, dict[str, Joint]],
    blocked: frozenset[str],
) -> BrowsedQuestion:
    return BrowsedQuestion(
        site=row.site,
        question_id=row.question_id,
        title=row.title,
        link=row.link,
        owner=row.owner,
        licence=row.licence,
        created_at=row.created_at,
        author_tags=tuple(row.author_tags),
        site_state=row.state,
        states=tuple(_states(row)),
        model_version=row.version,
        predicted_at=row.predicted_at,
        tags=tuple(one for one in tags.get(row.id, ()) if one.tag not in blocked),
        verdicts=verdicts.get(row.id, {}),
    )


def _states(row: Any) -> list[str]:
    holds = {
        "pending": row.requested_at is not None and row.parked_at is None,
        "parked": row.parked_at is not None,
        "reviewed": bool(row.reviews),
        "disputed": bool(row.conflicting),
    }
    return [name for name, is_so in holds.items() if is_so]


def read_tags(connection: Connection, versions: dict[int, int]) -> dict[int, list[Predicted]]:
    """The tags of predictions by question, the most probable first.

    Args:
        connection: reads only.
        versions: which version's prediction, by the question's key; 500 questions at most.
    """
    rows = (
        select(
            PredictedTag.question_pk,
            PredictedTag.model_version_id,
            PredictedTag.tag,
            PredictedTag.probability,
            PredictedTag.suggested,
        )
        .where(PredictedTag.question_pk.in_(versions))
        .order_by(PredictedTag.probability.desc(), PredictedTag.tag)
    )
    tags: defaultdict[int, list[Predicted]] = defaultdict(list)
    for pk, version, tag, probability, suggested in connection.execute(rows):
        if versions[pk] == version:
            tags[pk].append(Predicted(tag, probability, suggested))
    return tags
