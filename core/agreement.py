"""How well predictions agree with the tags that the questions' authors chose."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.engine import Connection

from core.tables import PredictedTag, Prediction, Question

_PAGE = 2000  # rows of tags held at a time
_RECALL_AT = 5  # the sites' own limit of tags on a question


@dataclass(frozen=True, slots=True)
class Agreement:
    """The agreement of a site's predictions with their authors' tags.

    Attributes:
        questions: tagged ones whose authors set tags.
        precision_at_1: share of them whose most probable tag is one of the author's.
        recall_at_5: mean share of the author's tags, known to the model or not, among the five
            most probable.
        without_suggestion: share for which no tag reached its threshold.
    """

    questions: int
    precision_at_1: float
    recall_at_5: float
    without_suggestion: float


def measure_agreement(connection: Connection, site: str, model_version_id: int) -> Agreement:
    """Compare a model version's predictions with the author tags as they stand now."""
    rows = (
        select(
            Prediction.question_pk,
            Question.author_tags,
            PredictedTag.tag,
            PredictedTag.suggested,
        )
        .join(Question, Question.id == Prediction.question_pk)
        .join(
            PredictedTag,
            (PredictedTag.question_pk == Prediction.question_pk)
            & (PredictedTag.model_version_id == Prediction.model_version_id),
        )
        .where(Question.site == site, Prediction.model_version_id == model_version_id)
        .order_by(Prediction.question_pk, PredictedTag.probability.desc(), PredictedTag.tag)
    )
    tally = _Tally()
    for row in connection.execute(rows, execution_options={"yield_per": _PAGE}):
        tally.add(row.question_pk, row.author_tags, row.tag, suggested=row.suggested)
    return tally.result()


class _Tally:
    """Sums over rows that come question by question, the most probable tag first."""

    def __init__(self) -> None:
        self._question: int | None = None
        self._authors: frozenset[str] = frozenset()
        self._place = 0
        self._questions = self._first_hits = self._with_suggestion = 0
        self._recall = 0.0
        self._suggested = False

    def add(self, question: int, author_tags: list[str], tag: str, *, suggested: bool) -> None:
        if question != self._question:
            self._close()
            self._question, self._authors = question, frozenset(author_tags)
            self._place, self._suggested = 0, False
        self._suggested |= suggested
        if tag in self._authors:
            self._first_hits += self._place == 0
            if self._place < _RECALL_AT:
                self._recall += 1 / len(self._authors)
        self._place += 1

    def _close(self) -> None:
        if self._authors:
            self._questions += 1
            self._with_suggestion += self._suggested

    def result(self) -> Agreement:
        self._close()
        self._authors = frozenset()
        if not self._questions:
            return Agreement(0, 0.0, 0.0, 0.0)
        return Agreement(
            self._questions,
            self._first_hits / self._questions,
            self._recall / self._questions,
            1 - self._with_suggestion / self._questions,
        )
