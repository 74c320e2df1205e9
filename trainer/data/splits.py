"""Which questions are learned from, which choose, and which judge."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

SplitName = Literal["random", "time"]

TEST_SHARE: Final = 0.2
VALIDATION_SHARE: Final = 0.1  # of what is not test
RANDOM_STATE: Final = 9000  # the article's, so that its figures can be compared

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Split:
    """Rows of a corpus: to learn from, to choose epoch and thresholds by, and to judge by."""

    train: Rows
    validation: Rows
    test: Rows


def split(rows: Rows, name: SplitName, *, random_state: int = RANDOM_STATE) -> Split:
    """Split rows.

    Args:
        rows: of the questions that have a label; by time they must stand in its order.
        name: "random" is the article's `train_test_split`; "time" learns from the oldest, chooses
            by the next and judges by the newest.
        random_state: of the random split; another one gives another split.
    """
    return _split_at_random(rows, random_state) if name == "random" else _split_by_time(rows)


def _split_at_random(rows: Rows, random_state: int) -> Split:
    from sklearn.model_selection import train_test_split  # noqa: PLC0415

    rest, test = train_test_split(rows, test_size=TEST_SHARE, random_state=random_state)
    train, validation = train_test_split(
        rest, test_size=VALIDATION_SHARE, random_state=random_state
    )
    return Split(train, validation, test)


def _split_by_time(rows: Rows) -> Split:
    newest = round(len(rows) * (1 - TEST_SHARE))
    newer = round(newest * (1 - VALIDATION_SHARE))
    return Split(rows[:newer], rows[newer:newest], rows[newest:])
