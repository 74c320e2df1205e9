"""Posts.xml inside the 7z archive that the sites' data dumps come in."""

import io
import shutil
import struct
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from lzma import LZMAError
from pathlib import Path, PurePosixPath
from typing import IO, Any, BinaryIO

import py7zr
from py7zr import archiveinfo
from py7zr.exceptions import ArchiveError, PasswordRequired
from py7zr.io import Py7zIO, WriterFactory
from py7zr.py7zr import FileInfo

from core.errors import ImportFailed

SPARE_BYTES = 2**30  # what unpacking leaves free on the disk

# The list of an archive's files is packed too. The library's own bounds, 256 MiB and 8 million
# files, come to gigabytes; a dump holds nine files.
archiveinfo.MAX_HEADER_SIZE = 2**20
archiveinfo.MAX_NUMFILES = archiveinfo.MAX_SUBSTREAMS = 10_000

# A damaged archive makes the library stumble in many ways.
_DAMAGES = (
    ArchiveError, LZMAError, zlib.error, struct.error, EOFError, OSError, ValueError,
    LookupError, TypeError, AttributeError, AssertionError, MemoryError,
)  # fmt: skip


@contextmanager
def open_posts(file: BinaryIO, path: Path) -> Iterator[io.RawIOBase]:
    """Unpack Posts.xml into a temporary file, which is gone when the block ends.

    What could be unpacked of a damaged one is read; where it ends, OSError says what is wrong.

    Args:
        file: the archive, open.
        path: its path, for messages.

    Raises:
        ImportFailed: it cannot be opened, holds no Posts.xml, or does not find room unpacked.
    """
    with tempfile.TemporaryFile() as posts:
        damage = _unpack(file, path, posts)
        posts.seek(0)
        yield _Posts(posts, damage)


def _unpack(file: BinaryIO, path: Path, target: IO[bytes]) -> str | None:
    """Write the archive's Posts.xml; return what stopped it half-way."""
    try:
        archive = py7zr.SevenZipFile(file)
        members = archive.list()
    except PasswordRequired as error:
        raise ImportFailed(f"{path} is encrypted: unpack it first.") from error
    except _DAMAGES as error:
        raise ImportFailed(
            f"{path} is a damaged 7z archive, or its first volume alone: {error}"
        ) from error
    name = _name_of_posts(members, path)
    try:
        archive.extract(targets=[name], factory=_Into(target))
    except PasswordRequired as error:
        raise ImportFailed(f"{path} is encrypted: unpack it first.") from error
    except _DAMAGES as error:
        return f"damaged 7z archive, {type(error).__name__}"
    return None


def _name_of_posts(members: Sequence[FileInfo], path: Path) -> str:
    """The archive's Posts.xml, once it is known to find room; no more than it declares is written.

    Raises:
        ImportFailed: it is not there, or more than once, or would fill the disk.
    """
    found = [m for m in members if PurePosixPath(m.filename).name.lower() == "posts.xml"]
    if not found:
        raise ImportFailed(f"{path} holds no Posts.xml.")
    if len(found) > 1:
        names = ", ".join(sorted(member.filename for member in found))
        raise ImportFailed(
            f"{path} holds several ({names}): unpack it, and import each with its own site."
        )
    (member,) = found
    room = shutil.disk_usage(tempfile.gettempdir()).free - SPARE_BYTES
    if member.uncompressed > room:
        raise ImportFailed(
            f"{path}: its Posts.xml takes {member.uncompressed / 2**30:.1f} GiB unpacked, "
            f"and {tempfile.gettempdir()} has room for {max(room, 0) / 2**30:.1f}: set "
            "TMPDIR to a folder with more, or unpack it and import Posts.xml."
        )
    return member.filename


class _Into(WriterFactory):
    """Where py7zr writes the one member that is extracted."""

    def __init__(self, target: IO[bytes]) -> None:
        self._target = target

    def create(self, filename: str) -> Py7zIO:  # noqa: ARG002
        return _Target(self._target)


class _Target(Py7zIO):
    """An open file in py7zr's shape; it stays open, to be read afterwards."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, s: bytes | bytearray) -> int:
        return self._file.write(s)

    def read(self, size: int | None = None) -> bytes:
        return self._file.read(-1 if size is None else size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def flush(self) -> None:
        self._file.flush()

    def size(self) -> int:
        return self._file.tell()


class _Posts(io.RawIOBase):
    """What was unpacked; where it ends too early, it says why."""

    def __init__(self, file: IO[bytes], damage: str | None) -> None:
        super().__init__()
        self._file = file
        self._damage = damage

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        content = self._file.read(len(buffer))
        if not content and self._damage is not None:
            raise OSError(self._damage)
        buffer[: len(content)] = content
        return len(content)
