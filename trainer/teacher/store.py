"""Sentence vectors by the hash of their text, kept: a retraining encodes only what is new."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, Self

import numpy as np

from core.model.sentences.reading import Vectors

_TABLE: Final = "create table if not exists vectors (hash text primary key, vector blob not null)"
_COLUMNS: Final = ["hash", "vector"]
_FIND: Final = "select hash, vector from vectors where hash = ?"
_WAIT_SECONDS: Final = 60  # for another training that writes


class VectorStore:
    """An SQLite file of one encoder's vectors, which all sites share."""

    def __init__(self, path: Path, size: int, note: Callable[[str], None]) -> None:
        """Open it; one that is damaged is made anew, and where none can be written, memory serves.

        Args:
            path: the file; its folder is made.
            size: dimensions of a vector.
            note: called with a line where vectors are lost or cannot be kept.
        """
        self._path, self._size, self._note = path, size, note
        self._unkept: dict[str, bytes] = {}
        try:
            self._database = self._open()
        except (sqlite3.Error, OSError) as error:
            self._tell_unkept(error)
            self._database = _connect(":memory:")

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return _connect(str(self._path))
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            self._note(f"{self._path} is damaged ({error}): all questions are encoded anew.")
            self._path.unlink()
            return _connect(str(self._path))

    def _tell_unkept(self, error: Exception) -> None:
        self._note(
            f"{self._path} cannot be written ({error}): the next training encodes these questions "
            "again."
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def holds(self, text: str) -> bool:
        """Whether there is the vector of a text, by its hash."""
        return any(True for _ in self._rows([text]))

    def add(self, texts: Sequence[str], vectors: Vectors) -> None:
        """Keep vectors by the hashes of their texts, all or none."""
        rows = {text: vector.tobytes() for text, vector in zip(texts, vectors, strict=True)}
        try:
            with self._database:
                self._database.executemany(
                    "insert or replace into vectors values (?, ?)", rows.items()
                )
        except sqlite3.Error as error:
            if not self._unkept:
                self._tell_unkept(error)
            self._unkept.update(rows)

    def load(self, texts: Sequence[str]) -> Vectors:
        """Return vectors of texts, by their hashes: (texts, size); zeros where there is none."""
        vectors = np.zeros((len(texts), self._size), np.float16)
        places: dict[str, list[int]] = {}
        for place, text in enumerate(texts):
            places.setdefault(text, []).append(place)
        for text, vector in self._rows(places):
            vectors[places[text]] = vector
        return vectors

    def _rows(self, texts: Iterable[str]) -> Iterator[tuple[str, Vectors]]:
        """Those that there are, and are of the right size."""
        for text in texts:
            row = self._database.execute(_FIND, (text,)).fetchone()
            stored = self._unkept.get(text) if row is None else row[1]
            if stored is not None and len(stored) == self._size * np.dtype(np.float16).itemsize:
                yield text, np.frombuffer(stored, np.float16)


def _connect(path: str) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=_WAIT_SECONDS)
    try:
        with database:
            database.execute(_TABLE)
        _check(database)
    except sqlite3.Error:
        database.close()
        raise
    return database


def _check(database: sqlite3.Connection) -> None:
    """Read all pages, a fifth of a second for 100,000 vectors: later, damage would end a training.

    Raises:
        sqlite3.DatabaseError: it is damaged, or another table.
    """
    (told,) = database.execute("pragma quick_check(1)").fetchone()
    if told != "ok":
        raise sqlite3.DatabaseError(" ".join(told.split()))
    if [column[1] for column in database.execute("pragma table_info(vectors)")] != _COLUMNS:
        raise sqlite3.DatabaseError("its table has other columns")
