"""Which tags are learned, and the questions' tags as a matrix of zeros and ones."""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt


def choose_labels(tags: Iterable[Sequence[str]], top: int) -> tuple[str, ...]:
    """Return the `top` most frequent tags in alphabetical order; ties go by the alphabet."""
    counts: Counter[str] = Counter()
    for question_tags in tags:
        counts.update(question_tags)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(sorted(tag for tag, _ in ranked[:top]))


def multi_hot(tags: Sequence[Sequence[str]], labels: Sequence[str]) -> npt.NDArray[np.uint8]:
    """Return which question has which label: shape (questions, labels), 1 where it has it."""
    places = {label: place for place, label in enumerate(labels)}
    matrix = np.zeros((len(tags), len(labels)), np.uint8)
    for row, own in enumerate(tags):
        matrix[row, [places[tag] for tag in own if tag in places]] = 1
    return matrix
