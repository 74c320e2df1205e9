"""Which format a file has, by what it holds; and its bytes, unpacked."""

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum, auto
from pathlib import Path
from typing import Any, BinaryIO

from core.errors import ImportFailed
from core.questions.files.kaggle import QUESTION_COLUMNS, TAG_COLUMNS, header_columns
from core.questions.files.lines import BOM

HEAD_BYTES = 4096

_GZIP = b"\x1f\x8b"
_SEVEN_ZIP = b"7z\xbc\xaf\x27\x1c"
_OTHER_PACKERS = {b"PK\x03\x04": "zip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"(\xb5/\xfd": "zstd"}

OnPosition = Callable[[int], None]


class Format(Enum):
    """What a question file holds, unpacked."""

    JSON_LINES = auto()
    KAGGLE_QUESTIONS = auto()
    KAGGLE_TAGS = auto()
    POSTS_XML = auto()


def detect_format(path: Path) -> Format:
    """Tell a file's format by its first bytes; an archive is taken for a data dump's.

    Raises:
        ImportFailed: it cannot be read, or has none of the formats.
    """
    try:
        with path.open("rb") as file:
            if file.read(len(_SEVEN_ZIP)) == _SEVEN_ZIP:
                return Format.POSTS_XML
        with open_unpacked(path) as stream:
            head = stream.read(HEAD_BYTES)
    except (OSError, EOFError, zlib.error) as error:
        raise ImportFailed(f"{path} cannot be read: {error}") from error
    return _format_of(head.removeprefix(BOM), path)


def _format_of(head: bytes, path: Path) -> Format:
    start = head.lstrip()
    if not start:
        raise ImportFailed(f"{path} is empty.")
    if start.startswith(b"{"):
        return Format.JSON_LINES
    if start.startswith(b"<"):
        return Format.POSTS_XML
    columns = set(header_columns(start.split(b"\n", 1)[0]))
    if columns >= QUESTION_COLUMNS:
        return Format.KAGGLE_QUESTIONS
    if columns >= TAG_COLUMNS:
        return Format.KAGGLE_TAGS
    for magic, packer in _OTHER_PACKERS.items():
        if start.startswith(magic):
            raise ImportFailed(f"{path} is packed with {packer}: unpack it first.")
    raise ImportFailed(
        f"{path} is not a question file: it is neither lines of JSON, nor Posts.xml, "
        "nor a Questions.csv with the columns Id, Title and Body."
    )


@contextmanager
def open_unpacked(path: Path, on_position: OnPosition | None = None) -> Iterator[BinaryIO]:
    """Open a file for reading its bytes, whether packed (gzip, 7z) or not.

    Args:
        path: the file.
        on_position: called with how many bytes of it have been read, for a progress bar.

    Raises:
        ImportFailed: an archive that cannot be opened, holds no Posts.xml or is too large.
        OSError: the file cannot be opened.
    """
    with _Tracked(path, on_position) as raw, io.BufferedReader(raw, 2**16) as file:
        magic = file.peek(len(_SEVEN_ZIP))
        if magic.startswith(_GZIP):
            with gzip.GzipFile(fileobj=file) as unpacked, io.BufferedReader(unpacked) as stream:
                yield stream
        elif magic.startswith(_SEVEN_ZIP):
            from core.questions.files.archive import open_posts  # noqa: PLC0415 (seldom needed)

            with open_posts(file, path) as stream:
                yield stream
        else:
            yield file


class _Tracked(io.FileIO):
    """A file that tells how far it has been read."""

    def __init__(self, path: Path, on_position: OnPosition | None) -> None:
        super().__init__(path)
        self._on_position = on_position

    def readinto(self, buffer: Any) -> int | None:
        count = super().readinto(buffer)
        if self._on_position is not None and self.seekable():
            self._on_position(self.tell())
        return count
