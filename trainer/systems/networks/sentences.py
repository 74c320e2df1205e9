"""Who knows sentence vectors of questions, as networks that read or learn from them ask for it."""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from trainer.data.corpus import Corpus
from trainer.data.splits import Rows
from trainer.progress import ProgressReporter


class Teacher(Protocol):
    """Knows sentence vectors of questions."""

    @property
    def digest(self) -> str:
        """SHA-256 of all that decides a vector, but the text."""

    @property
    def called(self) -> str:
        """The encoder's name, for people."""

    def vectors(
        self, corpus: Corpus, rows: Rows, reporter: ProgressReporter
    ) -> npt.NDArray[np.float16]:
        """Return the vectors of rows of a corpus: (rows, dimensions)."""
