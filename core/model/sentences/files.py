"""Where a sentence encoder's files are: in a folder as Hugging Face lays it out, or a package."""

import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Final

from core.errors import TeacherUnusable
from core.untrusted import one_line

SETTING: Final = "TAGGER_TEACHER"
TOKENIZER: Final = "tokenizer.json"
MODELS: Final = ("model.onnx", "onnx/model.onnx")
POOLING: Final = "1_Pooling/config.json"
_WEIGHTS: Final = re.compile(r"[._]data[\w-]*")  # behind the network's name, where weights stand
_FIRST: Final = "pooling_mode_cls_token"
_MEAN: Final = "pooling_mode_mean_tokens"
_POOLINGS: Final = {
    _FIRST,
    _MEAN,
    "pooling_mode_max_tokens",
    "pooling_mode_mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens",
    "pooling_mode_lasttoken",
}
_EXPECTED: Final = (
    f"Set it to a folder with {TOKENIZER} and {MODELS[0]}, or to a package that has them."
)
_READABLE: Final = "Let the user who trains or tags read it."
RECIPE: Final = b"1"  # of the text that is encoded; another one makes other vectors


@dataclass(frozen=True)
class EncoderFiles:
    """A sentence encoder on disk.

    Attributes:
        named: as the setting names it.
        model: the network, in ONNX.
        tokenizer: Hugging Face's `tokenizer.json`.
    """

    named: str
    model: Path
    tokenizer: Path

    @property
    def called(self) -> str:
        """Its folder's or package's own name, which tells nobody where it lies."""
        return Path(self.named).name

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all that decides a text's vector, but the text.

        Raises:
            TeacherUnusable: a file cannot be read.
        """
        digest = hashlib.sha256(RECIPE)
        for path in (self.tokenizer, *self._weights(), self._pooling):
            if path.is_file():
                digest.update(_digest_of(path))
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
            chosen = {name for name, value in told.items() if value is True} & _POOLINGS
        except (OSError, ValueError, AttributeError) as error:
            raise TeacherUnusable(
                f"{SETTING}: {self._pooling} cannot be read: {error}.", _READABLE
            ) from error
        if chosen - {_FIRST, _MEAN} or len(chosen) > 1:
            raise TeacherUnusable(
                f"{SETTING}: {self._pooling} asks for {', '.join(sorted(chosen))}; a teacher's "
                f"vector is {_MEAN} or {_FIRST}."
            )
        return chosen == {_FIRST}

    @property
    def size(self) -> int:
        """How many bytes its weights have on the disk.

        Raises:
            OSError: a file cannot be looked at.
        """
        return sum(path.stat().st_size for path in self._weights())

    @property
    def _pooling(self) -> Path:
        return self.tokenizer.parent / POOLING

    def _weights(self) -> list[Path]:
        """The network's file, and those beside it where its weights may stand.

        No others: a checksum, an old copy or half a download changes no vector.
        """
        name = self.model.name
        beside = sorted(self.model.parent.glob(f"{name}[._]data*"))
        return [self.model, *(one for one in beside if _WEIGHTS.fullmatch(one.name, len(name)))]


def find_encoder(named: str) -> EncoderFiles:
    """Find the files of a sentence encoder.

        find_encoder("/models/all-MiniLM-L6-v2").digest

    Raises:
        TeacherUnusable: there is neither such a folder nor such a package, or files are missing.
    """
    try:
        folder = Path(named).expanduser()
        is_folder = folder.is_dir()
    except (OSError, RuntimeError) as error:  # no such user, a name too long, no right to look
        raise TeacherUnusable(
            f"{SETTING}: {one_line(named)} cannot be read: {error}.", _READABLE
        ) from error
    if is_folder:
        return _in_folders(named, [folder], "the folder")
    if os.sep in named or named.startswith("~"):
        raise TeacherUnusable(f"{SETTING}: there is no folder {named}.", _EXPECTED)
    try:
        package = metadata.distribution(named)
    except (metadata.PackageNotFoundError, ValueError):
        raise TeacherUnusable(
            f"{SETTING}: {named} is neither a folder here nor the name of an installed package.",
            _EXPECTED,
        ) from None
    return _in_folders(named, list(_package_folders(package)), "the package")


def _digest_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError as error:
        raise TeacherUnusable(
            f"{SETTING}: {path} cannot be read: {error.strerror}.", _READABLE
        ) from error


def _package_folders(package: metadata.Distribution) -> Iterator[Path]:
    """The folders of a package in which a tokenizer stands."""
    for file in package.files or ():
        if file.name == TOKENIZER:
            yield Path(str(file.locate())).parent


def _in_folders(named: str, folders: list[Path], kind: str) -> EncoderFiles:
    """The files of the first folder that has them all."""
    for folder in folders:
        for model in MODELS:
            if (folder / model).is_file() and (folder / TOKENIZER).is_file():
                return EncoderFiles(named, folder / model, folder / TOKENIZER)
    has_tokenizer = any((folder / TOKENIZER).is_file() for folder in folders)
    missing = " or ".join(MODELS) if has_tokenizer else TOKENIZER
    raise TeacherUnusable(
        f"{SETTING}: {kind} {named} has no {missing}. A teacher is a sentence encoder as Hugging "
        "Face lays it out, exported to ONNX.",
        _EXPECTED,
    )
