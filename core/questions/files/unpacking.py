"""A file's bytes, read once from its beginning to its end: unpacked, and as UTF-8.

Each is a raw stream over another one, so that a pipe is read as it fills, and of a damaged file
all is given that stands before the damage. Where that begins, OSError says what it is.
"""

import bz2
import codecs
import io
import lzma
import os
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

CHUNK_BYTES = 2**14  # packed
PIECE_BYTES = 2**20  # unpacked; of nothing but zeros a chunk becomes 16 MiB by gzip, 600 by bzip2
XZ_MEMORY = 2**28  # bytes; xz -9 takes a quarter of it to unpack

STANDARD_INPUT = Path("-")

OnPosition = Callable[[int], None]

_DAMAGES = (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError)


class Decompressor(Protocol):
    """What zlib, bz2 and lzma have in common."""

    @property
    def eof(self) -> bool:
        """Whether the end of what was packed has been met."""

    @property
    def unused_data(self) -> bytes:
        """What follows that end."""

    def decompress(self, data: bytes, /, max_length: int = ...) -> bytes:
        """Unpack the next bytes, so many at most; the others come when it is called again."""


def gzip_decompressor() -> Decompressor:
    """A decompressor of one gzip member."""
    return zlib.decompressobj(wbits=31)


def xz_decompressor() -> Decompressor:
    """A decompressor of one xz stream, which takes no more memory than XZ_MEMORY."""
    return lzma.LZMADecompressor(memlimit=XZ_MEMORY)


# By what a file begins with.
DECOMPRESSORS: dict[bytes, Callable[[], Decompressor]] = {
    b"\x1f\x8b": gzip_decompressor,
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ": xz_decompressor,
}


class _Given(io.RawIOBase):
    """A stream of bytes that come in pieces of any size."""

    def __init__(self) -> None:
        super().__init__()
        self._piece = memoryview(b"")

    def readable(self) -> bool:
        return True

    def next_piece(self) -> bytes:
        """The next bytes, of which there may be none yet; raise EOFError where none follow."""
        raise NotImplementedError

    def readinto(self, buffer: Any) -> int:
        try:
            while not self._piece:
                self._piece = memoryview(self.next_piece())
        except EOFError:
            return 0
        count = min(len(buffer), len(self._piece))
        buffer[:count] = self._piece[:count]
        self._piece = self._piece[count:]
        return count


class Tracked(io.FileIO):
    """A file, or standard input for `-`, that tells how far it has been read."""

    def __init__(self, path: Path, on_position: OnPosition | None = None) -> None:
        super().__init__(os.dup(0) if path == STANDARD_INPUT else path)
        self.on_position = on_position
        self.bytes_read = 0
        # A pipe that whoever started us does not wait for would seem to end where it is slow.
        os.set_blocking(self.fileno(), True)

    def readinto(self, buffer: Any) -> int | None:
        """Read what there is, up to the buffer's size."""
        count = super().readinto(buffer)
        self._tell(count or 0)
        return count

    def read(self, size: int | None = -1) -> bytes:
        """Read what there is, up to a size."""
        content = super().read(size)
        self._tell(len(content or b""))
        return content

    def _tell(self, count: int) -> None:
        self.bytes_read += count
        if self.on_position is not None and self.seekable():
            self.on_position(self.tell())


class Peeked(_Given):
    """A stream whose beginning may be looked at before it is read."""

    def __init__(self, source: io.RawIOBase) -> None:
        super().__init__()
        self._source = source
        self._damage: OSError | None = None

    def peek(self, size: int) -> bytes:
        """The first bytes, however slowly they come; fewer where the stream ends or is damaged."""
        begin = bytes(self._piece)
        while len(begin) < size and self._damage is None:
            try:
                following = self._source.read(size - len(begin))
            except OSError as error:
                self._damage = error
            else:
                if not following:
                    break
                begin += following
        self._piece = memoryview(begin)
        return begin

    def next_piece(self) -> bytes:
        """What has been looked at comes from `readinto()`; this is what follows."""
        if self._damage is not None:
            raise self._damage
        following = self._source.read(2**16)
        if not following:
            raise EOFError
        return following


class Unpacked(_Given):
    """What was packed, in one part or in several, one behind the other."""

    def __init__(self, source: io.RawIOBase, new: Callable[[], Decompressor]) -> None:
        super().__init__()
        self._source, self._new = source, new
        self._decompressor = new()
        self._packed = b""
        self._has_more = False  # what has been read becomes more than one piece
        self._is_between = False  # a part has ended, and no other begun
        self._damage: str | None = None

    def next_piece(self) -> bytes:
        """Unpack the next bytes.

        Raises:
            EOFError: there are no more.
            OSError: what follows is damaged.
        """
        if self._damage is not None:
            raise OSError(self._damage)
        packed = self._packed
        if not packed and not self._has_more:
            packed = self._source.read(CHUNK_BYTES) or b""
        if not packed and not self._has_more:
            if self._is_between:
                raise EOFError
            raise OSError("it ends too early")
        if self._is_between:
            self._packed = b""
            packed = packed.lstrip(b"\0")  # tapes and disks fill up their blocks
            if not packed:
                return b""
        return self._unpack(packed)

    def _unpack(self, packed: bytes) -> bytes:
        if self._is_between:
            self._decompressor = self._new()
        before = _copy(self._decompressor)
        try:
            unpacked = self._decompressor.decompress(packed, PIECE_BYTES)
        except _DAMAGES as error:
            self._damage = "something else follows its end" if self._is_between else str(error)
            return _until_damage(before, packed)
        self._is_between = self._decompressor.eof
        self._has_more = len(unpacked) == PIECE_BYTES and not self._is_between
        if self._is_between:
            self._packed = self._decompressor.unused_data
        else:  # zlib gives back what it has not looked at; the others keep it
            self._packed = getattr(self._decompressor, "unconsumed_tail", b"")
        return unpacked


def _copy(decompressor: Decompressor) -> Decompressor | None:
    """The state of a decompressor, where it can be kept."""
    copy: Callable[[], Decompressor] | None = getattr(decompressor, "copy", None)
    return copy() if copy is not None else None


def _until_damage(decompressor: Decompressor | None, packed: bytes) -> bytes:
    """What can be unpacked of bytes that are damaged somewhere."""
    unpacked = bytearray()
    if decompressor is not None:
        with suppress(*_DAMAGES):  # it is known already
            for start in range(len(packed)):
                unpacked += decompressor.decompress(packed[start : start + 1])
    return bytes(unpacked)


class Recoded(_Given):
    """Text in another encoding, as UTF-8; what it does not allow becomes U+FFFD."""

    def __init__(self, source: io.RawIOBase, encoding: str) -> None:
        super().__init__()
        self._source, self._encoding = source, encoding
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        self._has_ended = False

    def next_piece(self) -> bytes:
        """Recode the next bytes.

        Raises:
            EOFError: there are no more.
            OSError: what follows is damaged, or in no such encoding.
        """
        if self._has_ended:
            raise EOFError
        content = self._source.read(2**16) or b""
        self._has_ended = not content
        try:
            text = self._decoder.decode(content, final=self._has_ended)
        except UnicodeError as error:
            raise OSError(f"it is not in the encoding {self._encoding}") from error
        return text.encode("utf-8", "replace")


class LineFeeds(_Given):
    """Text whose lines end as on old Macs, by carriage returns, with line feeds for them."""

    def __init__(self, source: io.RawIOBase) -> None:
        super().__init__()
        self._source = source

    def next_piece(self) -> bytes:
        """Take the next bytes.

        Raises:
            EOFError: there are no more.
            OSError: what follows is damaged.
        """
        content = self._source.read(2**16)
        if not content:
            raise EOFError
        return content.replace(b"\r", b"\n")
