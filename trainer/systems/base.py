"""What a system is: something that learns from tagged questions to tag others."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from core.text import TextSettings
from trainer.corpus import Corpus
from trainer.progress import Watch
from trainer.splits import Rows, Split


@dataclass(frozen=True, slots=True)
class Task:
    """The questions of a site, what is to be learned of them, and from which.

    Attributes:
        corpus: all questions, also those that have none of the labels.
        labels: the tags to learn, in alphabetical order.
        targets: shape (questions of the corpus, labels), 1 where a question has the label.
        split: rows of the corpus that have a label. A system learns from `train`, chooses by
            `validation` and never looks at `test`.
    """

    corpus: Corpus
    labels: tuple[str, ...]
    targets: npt.NDArray[np.uint8]
    split: Split


class Tagger(ABC):
    """A system that has learned."""

    @abstractmethod
    def probabilities(self, corpus: Corpus, rows: Rows) -> npt.NDArray[np.float64]:
        """Return the labels' probabilities for rows of a corpus: shape (rows, labels)."""


class System(ABC):
    """A way to make a tagger; its attributes are its hyperparameters.

    Attributes:
        name: as it stands on the command line and in tables.
        text: how it reads questions; the corpus of its task is read so.
    """

    name: ClassVar[str]
    text: ClassVar[TextSettings]

    @abstractmethod
    def fit(self, task: Task, *, seed: int, watch: Watch) -> Tagger:
        """Learn a task; the same task and seed give the same tagger.

        Raises:
            TrainingError: nothing could be learned.
        """
