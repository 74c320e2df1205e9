"""Reads members out of a bundle's zip, which may come from a stranger.

What stands in a bundle is told in `core/model/bundle.py`.
"""

import errno
import hashlib
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, Final
from zipfile import ZIP_DEFLATED, ZIP_STORED

from core.errors import BundleCorrupt

MANIFEST: Final = "manifest.json"
VOCABULARY: Final = "vocabulary.json"
KERAS: Final = "model.keras"
TFLITE: Final = "model.tflite"

SERVED: Final = (MANIFEST, VOCABULARY, TFLITE)  # what a worker reads

PIECE: Final = 1 << 20  # bytes that are read at a time

# The largest sizes, in bytes, unpacked. A network of the default architecture has 61 MB with 11,000
# words, 31,500 pairs and 100 labels (and its vocabulary 0.7 MB), and at its own limits, 40,000 of
# both and 800 labels, to 200 of which terms speak, 210 MB.
MEMBERS: Final = {
    MANIFEST: 16 << 20,
    VOCABULARY: 16 << 20,
    KERAS: 256 << 20,
    TFLITE: 256 << 20,
}
MAX_BUNDLE: Final = sum(MEMBERS.values())  # bytes of the zip
_MAX_RATIO: Final = 200  # unpacked to packed; text reaches 10, a zip bomb 1,000
SEAL: Final = 64  # characters of the comment
_UNREADABLE: Final = (  # what zipfile raises for what it cannot read
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)
# What ends a zip: signature, four numbers, bytes of the list of its members and where it begins,
# length of the comment. zipfile makes half a kilobyte of every 50 bytes of that list.
_DIRECTORY_END: Final = struct.Struct("<4s4HLLH")
_ZIP64: Final = 20  # bytes that stand before it in zips of more than 4 GiB
_MOST_DIRECTORY: Final = 4096  # bytes; that of four members has 300
# Of a member's own header: where the lengths stand of the two texts that lie before its bytes.
_LENGTHS_AT: Final = 26
_LENGTHS: Final = struct.Struct("<HH")


def read_pieces(file: IO[bytes]) -> Iterator[bytes]:
    """Read a file from where it stands to its end, PIECE bytes at a time."""
    while piece := file.read(PIECE):
        yield piece


class SealedHash:
    """The SHA-256 of a bundle's zip that comes in pieces, and whether its seal is true."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._tail = b""  # what may be the seal

    def update(self, piece: bytes) -> None:
        """Take the next bytes."""
        if len(piece) < SEAL:
            piece, self._tail = self._tail + piece, b""
        self._hash.update(self._tail)
        self._hash.update(memoryview(piece)[:-SEAL])
        self._tail = piece[-SEAL:]

    def is_sealed(self) -> bool:
        """Whether the bytes so far end with the SHA-256 of all before it."""
        return self._hash.hexdigest().encode() == self._tail

    def hexdigest(self) -> str:
        """SHA-256 of all bytes so far, in hexadecimal."""
        whole = self._hash.copy()
        whole.update(self._tail)
        return whole.hexdigest()


def hash_bundle(file: BinaryIO) -> SealedHash:
    """Read a bundle's zip for its SHA-256 and its seal."""
    found = SealedHash()
    for piece in read_pieces(file):
        found.update(piece)
    return found


def read_member(file: BinaryIO, name: str) -> bytes:
    """Return the bytes of a member of a zip."""
    return b"".join(_member_pieces(file, name))


def write_member(path: Path, name: str, target: Path, *, is_published: bool) -> None:
    """Write a member into a file of its own.

    Args:
        path: the zip.
        name: the member's.
        target: the file.
        is_published: whether the zip is known to be one whose members were read before: their CRC
            is not looked at again.
    """
    with path.open("rb") as file, target.open("wb") as written:
        if is_published and _copy_stored(file, name, written):
            return
        for piece in _member_pieces(file, name):
            written.write(piece)


def write_served_member(file: BinaryIO, name: str, target: Path, *, sha256: str) -> None:
    """Write a member whose SHA-256 is known into a file; no byte of the others is read.

    Where a process died that was at it, what it had written is not read again.

    Args:
        file: the zip.
        name: the member's.
        target: the file.
        sha256: of the member's bytes, in hexadecimal.

    Raises:
        BundleCorrupt: it has another, or cannot be read.
    """
    place = _find_stored(file, name)
    if place is not None and target.exists() and _write_rest(file, *place, target) == sha256:
        return
    found = hashlib.sha256()
    with target.open("wb") as written:
        for piece in _read_range(file, *place) if place else _member_pieces(file, name):
            written.write(piece)
            found.update(piece)
    if found.hexdigest() != sha256:
        raise BundleCorrupt(f"Its {name} has another.")


def _write_rest(file: BinaryIO, start: int, size: int, target: Path) -> str:
    """Write what a file lacks of a range of bytes; return the SHA-256 of all that it holds then."""
    found = hashlib.sha256()
    with target.open("r+b") as written:
        for piece in read_pieces(written):
            found.update(piece)
        done = min(written.tell(), size)
        for piece in _read_range(file, start + done, size - done):
            written.write(piece)
            found.update(piece)
    return found.hexdigest()


def hash_served_members(path: Path) -> dict[str, str]:
    """Return the SHA-256, in hexadecimal, of each member of a zip that a worker reads."""
    found = {name: hashlib.sha256() for name in SERVED}
    with path.open("rb") as file:
        for name, digest in found.items():
            for piece in _member_pieces(file, name):
                digest.update(piece)
    return {name: digest.hexdigest() for name, digest in found.items()}


def _copy_stored(file: BinaryIO, name: str, target: BinaryIO) -> bool:
    """Have the system copy a member that stands in the zip as it is; whether it was one."""
    place = _find_stored(file, name)
    return place is not None and _copy_bytes(file, *place, target)


def _read_range(file: BinaryIO, start: int, size: int) -> Iterator[bytes]:
    file.seek(start)
    while size and (piece := file.read(min(PIECE, size))):
        size -= len(piece)
        yield piece


def _find_stored(file: BinaryIO, name: str) -> tuple[int, int] | None:
    """Where a member begins that stands in the zip as it is, and its length; None of another."""
    with _reading_zip(file) as archive:
        info = archive.getinfo(name)
        if info.compress_type != ZIP_STORED or info.file_size != info.compress_size:
            return None
        archive.open(info).close()  # finds its own header, or refuses it
        file.seek(info.header_offset + _LENGTHS_AT)
        start = file.tell() + _LENGTHS.size + sum(_LENGTHS.unpack(file.read(_LENGTHS.size)))
        if start + info.file_size > file.seek(0, os.SEEK_END):
            raise zipfile.BadZipFile(f"{name} goes beyond the end")
        return start, info.file_size


def _copy_bytes(source: BinaryIO, start: int, size: int, target: BinaryIO) -> bool:
    """Copy a part of a file within the system; whether this one can."""
    end = start + size
    try:
        while start < end:
            copied = os.sendfile(target.fileno(), source.fileno(), start, end - start)
            if copied == 0:
                raise EOFError("a member ends too soon")
            start += copied
    except OSError as error:
        if error.errno in (errno.EINVAL, errno.ENOSYS, errno.ENOTSOCK, errno.EOPNOTSUPP):
            target.seek(0)
            target.truncate()
            return False
        raise
    return True


def _member_pieces(file: BinaryIO, name: str) -> Iterator[bytes]:
    """A member's bytes; no more than its size, which is checked before, and its CRC after."""
    with _reading_zip(file) as archive, archive.open(name) as member:
        yield from read_pieces(member)


@contextmanager
def _reading_zip(file: BinaryIO) -> Iterator[zipfile.ZipFile]:
    """What reads a zip, its members checked.

    Raises:
        BundleCorrupt: it is not as it should be, also where that shows inside the block.
    """
    try:
        _check_directory(file)
        with zipfile.ZipFile(file) as archive:
            _check_members(archive.infolist())
            yield archive
    except _UNREADABLE as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise  # the disk's trouble; a place before the file's start is the bundle's
        raise BundleCorrupt(f"The model bundle is not a readable zip: {error}.") from error


def _check_directory(file: BinaryIO) -> None:
    """Refuse a zip whose list of members is long, before all of it is read."""
    file.seek(-SEAL - _DIRECTORY_END.size - _ZIP64, os.SEEK_END)
    zip64 = file.read(_ZIP64)  # where a list stands whose length is told elsewhere
    mark, *_, length, _, comment = _DIRECTORY_END.unpack(file.read(_DIRECTORY_END.size))
    if mark != b"PK\5\6" or comment != SEAL or zip64.startswith(b"PK\6\7"):
        raise BundleCorrupt("The model bundle is not a readable zip: its end is another's.")
    if length > _MOST_DIRECTORY:
        raise BundleCorrupt("The model bundle holds files that do not belong in one.")
    file.seek(0)


def _check_members(infos: list[zipfile.ZipInfo]) -> None:
    names = {info.filename for info in infos}
    if missing := MEMBERS.keys() - names:
        raise BundleCorrupt(f"The model bundle has no {', '.join(sorted(missing))}.")
    if names - MEMBERS.keys() or len(infos) != len(MEMBERS):
        raise BundleCorrupt("The model bundle holds files that do not belong in one.")
    if any(info.compress_type not in (ZIP_STORED, ZIP_DEFLATED) for info in infos):
        raise BundleCorrupt("The model bundle is packed by a method that no bundle uses.")
    for info in infos:
        if info.file_size > min(MEMBERS[info.filename], _MAX_RATIO * (info.compress_size + 1024)):
            raise BundleCorrupt(
                f"The model bundle's {info.filename} would unpack to {info.file_size:,} bytes; "
                "no model is like that."
            )
