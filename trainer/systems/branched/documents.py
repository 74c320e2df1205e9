"""The document vectors of all questions, in a file: dense, they would be most of the memory."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from core.errors import TrainingError
from trainer.data.splits import Rows
from trainer.systems.branched.embeddings import DOCUMENT_LENGTH, Tables, unit_rows
from trainer.systems.branched.encoded_dataset import EncodedDataset, Float32Array

PAGE_ROWS = 1000  # computed and written at a time


class DocumentVectors:
    """Document vectors of questions in a file; reads like an array.

    Attributes:
        shape: (questions, dimensions).
        dtype: of the numbers.
    """

    dtype = np.dtype(np.float32)

    def __init__(self, file: IO[bytes], shape: tuple[int, int]) -> None:
        """Read from a file that holds nothing else."""
        self._file = file
        self.shape = shape

    def __getitem__(self, rows: Rows) -> Float32Array:
        # Mapped anew each time: what stays mapped stays in this process's memory.
        stored = np.memmap(self._file, self.dtype, "r", shape=self.shape)
        return np.array(stored[rows])


@contextmanager
def document_vectors(
    encoded: EncodedDataset, tables: Tables, folder: Path | None = None
) -> Iterator[DocumentVectors]:
    """What the graph's document vector is, for all questions.

    The file has no name, so it is gone with the process, however that ends.

    Args:
        encoded: the questions.
        tables: of words.
        folder: where the file is; None is the system's for temporary files.

    Raises:
        TrainingError: there is no room for it.
    """
    where = folder or Path(tempfile.gettempdir())
    shape = (len(encoded), _dimensions(tables))
    with tempfile.TemporaryFile(dir=where) as file:
        try:
            _write(file, encoded, tables)
        except OSError as error:
            size = shape[1] * DocumentVectors.dtype.itemsize / 1000
            raise TrainingError(
                f"The document vectors of {len(encoded):,} questions, {size:.1f} KB each, cannot "
                f"be written to {where}: {error.strerror}."
            ) from error
        yield DocumentVectors(file, shape)


def _dimensions(tables: Tables) -> int:
    parts = (tables.meaning, tables.title_topics, tables.meaning, tables.body_topics)
    return sum(table.shape[1] for table in parts)


def _write(file: IO[bytes], encoded: EncodedDataset, tables: Tables) -> None:
    """Write page by page: of all questions at once they would fill the memory."""
    for start in range(0, len(encoded), PAGE_ROWS):
        file.write(_page(encoded, tables, slice(start, start + PAGE_ROWS)).data)
    file.flush()


def _page(encoded: EncodedDataset, tables: Tables, rows: slice) -> Float32Array:
    """The document vectors of some rows, as the graph computes them."""
    titles, bag = encoded.title_words(rows), encoded.bag[rows]
    parts = [
        titles @ tables.meaning,
        titles @ tables.title_topics,
        bag @ tables.meaning,
        bag @ tables.body_topics,
    ]
    return np.concatenate([unit_rows(part) * DOCUMENT_LENGTH for part in parts], axis=1)
