"""Which tags are learned, and the questions' tags as a matrix of zeros and ones."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

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
    from sklearn.preprocessing import MultiLabelBinarizer  # noqa: PLC0415

    known = set(labels)
    binarizer = MultiLabelBinarizer(classes=list(labels), sparse_output=True)
    matrix: Any = binarizer.fit_transform([known.intersection(own) for own in tags])
    dense: npt.NDArray[np.uint8] = matrix.astype(np.uint8).toarray()
    return dense
