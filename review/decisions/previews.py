"""Some questions as a list shows them: their tags and what is suggested, without their texts."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.engine import Connection

from core.database.keys import one_of
from core.database.review_tables import BlockedTag, QueuedQuestion
from core.database.tables import Question
from core.database.views import PredictedTag
from review.decisions.question_view import Suggestion


@dataclass(frozen=True, slots=True)
class QuestionPreview:
    """A question of the queue as a list shows it.

    Attributes:
        question_id: its number.
        title: in HTML.
        link: where it stands.
        author_tags: its author's.
        suggestions: kept tags but blocked ones, the most probable first.
    """

    question_id: int
    title: str
    link: str | None
    author_tags: list[str]
    suggestions: list[Suggestion]


def read_previews(connection: Connection, pks: Sequence[int]) -> list[QuestionPreview]:
    """Read the queued questions with these keys, in their order; two statements, however many."""
    columns = (
        Question.id,
        Question.question_id,
        Question.title,
        Question.link,
        Question.author_tags,
    )
    found = select(*columns).where(one_of(connection, Question.id, pks))
    questions = {row.id: row for row in connection.execute(found)}
    suggestions = _read_suggestions(connection, pks)
    return [
        QuestionPreview(*questions[pk][1:], suggestions=suggestions.get(pk, []))
        for pk in pks
        if pk in questions
    ]


def _read_suggestions(connection: Connection, pks: Sequence[int]) -> dict[int, list[Suggestion]]:
    blocked = exists().where(
        BlockedTag.site == QueuedQuestion.site, BlockedTag.tag == PredictedTag.tag
    )
    kept = (
        select(
            PredictedTag.question_pk,
            PredictedTag.tag,
            PredictedTag.probability,
            PredictedTag.suggested,
        )
        .join(QueuedQuestion, QueuedQuestion.question_pk == PredictedTag.question_pk)
        .where(
            one_of(connection, QueuedQuestion.question_pk, pks),
            PredictedTag.model_version_id == QueuedQuestion.model_version_id,
            ~blocked,
        )
        .order_by(PredictedTag.probability.desc(), PredictedTag.tag)
    )
    suggestions: defaultdict[int, list[Suggestion]] = defaultdict(list)
    for pk, tag, probability, suggested in connection.execute(kept):
        suggestions[pk].append(Suggestion(tag, probability, suggested))
    return suggestions
