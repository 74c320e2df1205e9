"""The questions that show what a candidate is good at, and what it is not."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from trainer.data.corpus import LabelledQuestion
from trainer.data.splits import Rows
from trainer.evaluation.evaluated_models import EvaluatedModel
from trainer.scoring.metrics import Scores

EXAMPLES: Final = 5  # of either kind
FOUND_TAGS: Final = 5  # the most probable, which nDCG@5 is about


@dataclass(frozen=True, slots=True)
class ProbableTag:
    """One of the candidate's most probable tags for a question."""

    tag: str
    probability: float
    suggested: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A held-out question and what the candidate says of it.

    Attributes:
        question_id: the site's number for it.
        title: plain text.
        link: to it on its site, where that is known.
        tags: its author's.
        found: the most probable first.
        quality: its nDCG@5.
    """

    question_id: int
    title: str
    link: str | None
    tags: tuple[str, ...]
    found: tuple[ProbableTag, ...]
    quality: float


def choose_examples(
    scores: Scores, qualities: npt.NDArray[np.float64], count: int = EXAMPLES
) -> tuple[Rows, Rows]:
    """Return rows of the best and of the worst, each the most telling first; none is both.

    Many questions are tagged perfectly, and many not at all. Of equals come first those of whose
    most probable tag the candidate is surest: there its mistakes say most about it.

    Args:
        scores: of the held-out questions.
        qualities: their nDCG@5, shape (questions,).
        count: of either kind, at most.
    """
    surest = -scores.probabilities.max(axis=1)
    count = min(count, len(qualities) // 2)
    best = np.lexsort((surest, -qualities))[:count]
    worst = np.lexsort((surest, qualities))
    return best, worst[~np.isin(worst, best)][:count]


def make_example(
    question: LabelledQuestion, candidate: EvaluatedModel, row: int, quality: float
) -> Example:
    """Describe a held-out question by what the candidate says of it.

    Args:
        question: that row's.
        candidate: whose scores have the row.
        row: of its scores.
        quality: its nDCG@5.
    """
    probabilities = candidate.scores.probabilities[row]
    order = np.argsort(-probabilities, kind="stable")[:FOUND_TAGS]
    return Example(
        question_id=question.question_id,
        title=question.title,
        link=question.link,
        tags=question.tags,
        found=tuple(
            ProbableTag(
                candidate.labels[label],
                float(probabilities[label]),
                bool(candidate.scores.predicted[row, label]),
            )
            for label in order
        ),
        quality=quality,
    )
