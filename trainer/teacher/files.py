"""Where a teacher's files are: a folder as Hugging Face lays it out, or an installed package."""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Final

from core.errors import TeacherUnusable

SETTING: Final = "TAGGER_TEACHER"
TOKENIZER: Final = "tokenizer.json"
MODELS: Final = ("model.onnx", "onnx/model.onnx")
POOLING: Final = "1_Pooling/config.json"
RECIPE: Final = b"1"  # of the text that is encoded; another one makes other vectors


@dataclass(frozen=True)
class TeacherFiles:
    """A sentence encoder on disk.

    Attributes:
        named: as the setting names it.
        model: the network, in ONNX.
        tokenizer: Hugging Face's `tokenizer.json`.
    """

    named: str
    model: Path
    tokenizer: Path

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all that decides a text's vector, but the text."""
        digest = hashlib.sha256(RECIPE)
        for path in (self.tokenizer, *self._weights(), self._pooling):
            if path.is_file():
                with path.open("rb") as file:
                    digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()

    @cached_property
    def pools_first_token(self) -> bool:
        """Whether a text's vector is its first token's; otherwise it is the mean of all.

        Raises:
            TeacherUnusable: what says so cannot be read.
        """
        if not self._pooling.is_file():
            return False
        try:
            told = json.loads(self._pooling.read_text())
            return bool(told.get("pooling_mode_cls_token"))
        except (OSError, ValueError, AttributeError) as error:
            raise TeacherUnusable(f"{SETTING}: {self._pooling} cannot be read: {error}") from error

    @property
    def _pooling(self) -> Path:
        return self.tokenizer.parent / POOLING

    def _weights(self) -> list[Path]:
        """The network's file, and those beside it where weights of over 2 GB stand."""
        return [self.model, *sorted(self.model.parent.glob(f"{self.model.name}_*"))]


def find_teacher(named: str) -> TeacherFiles:
    """Find the files of a teacher.

        find_teacher("/models/all-MiniLM-L6-v2").digest

    Raises:
        TeacherUnusable: there is neither such a folder nor such a package, or files are missing.
    """
    folder = Path(named).expanduser()
    if folder.is_dir():
        return _in_folders(named, [folder], "the folder")
    if os.sep in named or named.startswith("~"):
        raise TeacherUnusable(f"{SETTING}: there is no folder {named}.")
    try:
        package = metadata.distribution(named)
    except (metadata.PackageNotFoundError, ValueError):
        raise TeacherUnusable(
            f"{SETTING}: {named} is neither a folder here nor the name of an installed package."
        ) from None
    return _in_folders(named, list(_package_folders(package)), "the package")


def _package_folders(package: metadata.Distribution) -> Iterator[Path]:
    """The folders of a package in which a tokenizer stands."""
    for file in package.files or ():
        if file.name == TOKENIZER:
            yield Path(str(file.locate())).parent


def _in_folders(named: str, folders: list[Path], kind: str) -> TeacherFiles:
    """The files of the first folder that has them all."""
    for folder in folders:
        for model in MODELS:
            if (folder / model).is_file() and (folder / TOKENIZER).is_file():
                return TeacherFiles(named, folder / model, folder / TOKENIZER)
    has_tokenizer = any((folder / TOKENIZER).is_file() for folder in folders)
    missing = " or ".join(MODELS) if has_tokenizer else TOKENIZER
    raise TeacherUnusable(
        f"{SETTING}: {kind} {named} has no {missing}. A teacher is a sentence encoder as Hugging "
        f"Face lays it out, exported to ONNX: {TOKENIZER} and {MODELS[0]}."
    )
