"""What a fitting has finished, kept in a folder: one that is killed is resumed from there.

A file holds arrays alone, of one part of the network, and is whole or not there. Those of a fitting
lie in a folder that is named by all that decides its result, so that no other one reads them.
"""

import hashlib
import json
import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core import __version__
from trainer.data.dataset import Dataset
from trainer.systems.branched.hyperparameters import Hyperparameters

if TYPE_CHECKING:
    from trainer.systems.branched.encoded_dataset import EncodedDataset

Array = npt.NDArray[Any]
Arrays = Mapping[str, Any]
"""NumPy arrays by name."""

UNREADABLE = (OSError, ValueError, TypeError, EOFError, KeyError, zipfile.BadZipFile, zlib.error)
PACKAGES = ("keras", "tensorflow", "numpy", "scipy", "scikit-learn")
METHOD = 8  # of fitting: raised whenever equal hyperparameters come to other weights


def make_key(
    dataset: Dataset,
    encoded: "EncodedDataset",
    hyperparameters: Hyperparameters,
    *,
    seed: int,
    most_epochs: int | None,
) -> str:
    """SHA-256 of all that decides the weights: questions, split, tags, settings and software."""
    described = {
        "corpus": dataset.corpus.fingerprint,
        "text": asdict(dataset.corpus.text),
        "labels": dataset.labels,
        "reads_sentences": encoded.reads_sentences,
        "hyperparameters": asdict(hyperparameters),
        "seed": seed,
        "epochs": most_epochs,
        "method": METHOD,
        "software": [__version__, *(version(package) for package in PACKAGES)],
    }
    digest = hashlib.sha256(json.dumps(described, sort_keys=True).encode())
    questions = dataset.corpus.question_ids[encoded.rows]
    arrays: list[Array] = [questions, encoded.train, encoded.validation, encoded.tags]
    if encoded.vectors is not None:
        arrays.append(encoded.vectors)
    for array in arrays:
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


class Checkpoints:
    """The finished parts of one fitting.

    Attributes:
        folder: where they are; None keeps nothing.
    """

    def __init__(self, folder: Path | None, note: Callable[[str], None] = lambda _: None) -> None:
        """Keep them in a folder that can be written.

        Args:
            folder: theirs alone.
            note: called with a line where one cannot be kept.
        """
        self.folder = folder
        self._note = note

    def load(self, part: str) -> Arrays | None:
        """A part's arrays; None where there are none that can be read."""
        path = self._path(part)
        if path is None:
            return None
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                return dict(stored)
        except UNREADABLE:
            return None

    def save(self, part: str, arrays: Arrays) -> None:
        """Keep a part's arrays. Where there is no room the fitting goes on without."""
        path = self._path(part)
        if path is None:
            return
        aside = path.with_suffix(".new")
        try:
            with aside.open("wb") as file:
                np.savez(file, **arrays)
            aside.replace(path)
        except OSError as error:
            self._note(_cannot_keep(path.parent, error))
            self.clear()

    def remove(self, part: str) -> None:
        """Remove a part's arrays."""
        path = self._path(part)
        if path is not None:
            path.unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove all of them, and keep none from now on."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
        self.folder = None

    def count(self, parts: Iterable[str]) -> int:
        """How many of the parts can be read."""
        return sum(self.load(part) is not None for part in parts)

    def _path(self, part: str) -> Path | None:
        return None if self.folder is None else self.folder / f"{part.replace(' ', '-')}.npz"


def open_checkpoints(
    folder: Path | None, key: str, *, note: Callable[[str], None] = lambda _: None
) -> Checkpoints:
    """The checkpoints of a fitting; those of others in the same folder are removed.

    Args:
        folder: of all fittings of a site, one at a time; None keeps nothing.
        key: of this one.
        note: called with a line where the folder cannot be written; then nothing is kept.
    """
    if folder is None:
        return Checkpoints(None)
    own = folder / key
    try:
        own.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=own):
            pass
    except OSError as error:
        note(_cannot_keep(folder, error))
        return Checkpoints(None)
    forget_checkpoints(folder, but=own)
    return Checkpoints(own, note)


def forget_checkpoints(folder: Path, *, but: Path | None = None) -> None:
    """Remove those of all fittings in a folder, or of all but one; what else lies there stays."""
    if folder.is_dir():
        for path in folder.iterdir():
            if path != but and _is_key(path.name):
                shutil.rmtree(path, ignore_errors=True)


def _is_key(name: str) -> bool:
    return re.fullmatch("[0-9a-f]{64}", name) is not None


def _cannot_keep(folder: Path, error: OSError) -> str:
    return (
        f"{folder} cannot be written ({error.strerror}): should this training be killed, "
        "the next one starts from scratch."
    )
