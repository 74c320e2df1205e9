"""How well predictions agree with the tags that the questions' authors chose."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from core.database.tables import Prediction, Question
from core.database.views import PredictedTag
from core.questions.tags.synonyms import read_synonyms, relabel

_PAGE = 2000  # rows of tags held at a time
_RECALL_AT = 5  # the sites' own limit of tags on a question


@dataclass(frozen=True, slots=True)
class Agreement:
    """The agreement of predictions with their authors' tags: sums over questions, which add up.

    Attributes:
        questions: predicted ones whose authors set tags.
        first_hits: of them, those whose most probable tag is one of the author's.
        recall_at_5_sum: over them, the share of the author's tags, known to the model or not,
            among the five most probable.
        without_suggestion: of them, those for which no tag reached its threshold.
    """

    questions: int = 0
    first_hits: int = 0
    recall_at_5_sum: float = 0.0
    without_suggestion: int = 0

    def __add__(self, other: "Agreement") -> "Agreement":
        """The agreement over the questions of both."""
        return Agreement(
            self.questions + other.questions,
            self.first_hits + other.first_hits,
            self.recall_at_5_sum + other.recall_at_5_sum,
            self.without_suggestion + other.without_suggestion,
        )

    @property
    def precision_at_1(self) -> float:
        """Share of the questions whose most probable tag is one of the author's."""
        return self.first_hits / self.questions if self.questions else 0.0

    @property
    def recall_at_5(self) -> float:
        """Mean share of the author's tags among the five most probable."""
        return self.recall_at_5_sum / self.questions if self.questions else 0.0

    @property
    def share_without_suggestion(self) -> float:
        """Share of the questions for which no tag reached its threshold."""
        return self.without_suggestion / self.questions if self.questions else 0.0


def measure_agreement(connection: Connection, site: str, model_version_id: int) -> Agreement:
    """Compare a model version's predictions with the author tags as they stand now."""
    synonyms = read_synonyms(connection, site)
    statement = (
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
    rows = connection.execute(statement, execution_options={"yield_per": _PAGE})
    found = (agreement_of(own[0].author_tags, own, synonyms) for own in _questions(rows))
    return sum(found, Agreement())


def _questions(rows: Iterable[Any]) -> Iterable[list[Any]]:
    return (list(of_question) for _, of_question in groupby(rows, attrgetter("question_pk")))


def agreement_of(
    author_tags: Iterable[str], predicted: Sequence[Any], synonyms: Mapping[str, str]
) -> Agreement:
    """The agreement of one prediction with its author's tags; nothing where there are none.

    A renamed tag counts as the one that it stands for, said by an author or by an older version.

    Args:
        author_tags: in any order.
        predicted: rows with `tag` and `suggested`, the most probable first.
        synonyms: of the question's site, as read_synonyms() returns them.
    """
    authors = frozenset(relabel(author_tags, synonyms))
    if not authors:
        return Agreement()
    first = relabel((row.tag for row in predicted), synonyms)[:_RECALL_AT]
    return Agreement(
        questions=1,
        first_hits=int(bool(first) and first[0] in authors),
        recall_at_5_sum=len(authors.intersection(first)) / len(authors),
        without_suggestion=int(not any(row.suggested for row in predicted)),
    )
