"""Which tags are learned, and the questions' tags as a matrix of zeros and ones."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from core.untrusted import is_readable

LEAST_USES: Final = 3  # of a tag that is learned where nothing says how many are
ALWAYS: Final = 100  # tags, the most frequent, are learned also where they have fewer uses
MOST_TAGS: Final = 800  # are learned where nothing says how many; more is not measured


def choose_labels(tags: Iterable[Sequence[str]], top: int | None) -> tuple[str, ...]:
    """Return the most frequent tags in alphabetical order; ties go by the alphabet.

    One that is too long, or has characters that nobody sees, is none: no manifest would take it.

    Args:
        tags: of each question.
        top: how many; None for all of LEAST_USES or more, between ALWAYS and MOST_TAGS of them.
            `docs/experiments.md` has what each further hundred was worth.
    """
    counts: Counter[str] = Counter()
    for question_tags in tags:
        counts.update(question_tags)
    readable = [(tag, uses) for tag, uses in counts.items() if is_readable(tag)]
    ranked = sorted(readable, key=lambda item: (-item[1], item[0]))
    if top is None:
        in_use = sum(uses >= LEAST_USES for _, uses in readable)
        top = min(max(in_use, ALWAYS), MOST_TAGS)
    return tuple(sorted(tag for tag, _ in ranked[:top]))


def multi_hot(tags: Sequence[Sequence[str]], labels: Sequence[str]) -> npt.NDArray[np.uint8]:
    """Return which question has which label: shape (questions, labels), 1 where it has it."""
    places = {label: place for place, label in enumerate(labels)}
    matrix = np.zeros((len(tags), len(labels)), np.uint8)
    for row, own in enumerate(tags):
        matrix[row, [places[tag] for tag in own if tag in places]] = 1
    return matrix
