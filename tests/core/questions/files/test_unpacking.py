"""Bytes, whatever packs or encodes them, whole or damaged, at once or in drops."""

import bz2
import gzip
import io
import lzma
import os
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from core.questions.files.unpacking import (
    DECOMPRESSORS,
    PIECE_BYTES,
    STANDARD_INPUT,
    Peeked,
    Recoded,
    Tracked,
    Unpacked,
)

TEXT = b"".join(b"%d %d\n" % (i, i * 7919 % 10007) for i in range(3000))
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
}


class Drops(io.RawIOBase):
    """Bytes that come a few at a time, as from a slow pipe."""

    def __init__(self, content: bytes, size: int) -> None:
        super().__init__()
        self._content, self._size = io.BytesIO(content), size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        drop = self._content.read(min(self._size, len(buffer)))
        buffer[: len(drop)] = drop
        return len(drop)


def unpack(packed: bytes, size: int = 1000) -> tuple[bytes, str | None]:
    """What was unpacked, and what the damage is behind it."""
    new = next(new for magic, new in DECOMPRESSORS.items() if packed.startswith(magic))
    return drain(Unpacked(Drops(packed, size), new))


def drain(stream: io.RawIOBase) -> tuple[bytes, str | None]:
    content = bytearray()
    try:
        while piece := stream.read(997):
            content += piece
    except OSError as error:
        return bytes(content), str(error)
    return bytes(content), None


@pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)
@pytest.mark.parametrize("size", [7, 100_000])
def test_parts_one_behind_the_other_are_one_text(pack: Callable[[bytes], bytes], size: int) -> None:
    half = len(TEXT) // 2
    packed = pack(TEXT[:half]) + pack(b"") + pack(TEXT[half:])
    assert unpack(packed, size) == (TEXT, None)
    assert unpack(packed + b"\0" * 512, size) == (TEXT, None)


@pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)
def test_what_stands_before_a_cut_is_read(pack: Callable[[bytes], bytes]) -> None:
    packed = pack(TEXT)
    content, damage = unpack(packed[:-20])
    assert TEXT.startswith(content)
    assert damage == "it ends too early"
    assert unpack(packed + b"what is this?") == (TEXT, "something else follows its end")


def test_of_gzip_all_is_read_up_to_the_damage() -> None:
    packed = bytearray(gzip.compress(random.Random(1).randbytes(5000), 0))
    whole, _ = unpack(bytes(packed))
    packed[-6] ^= 0xFF  # of the checksum
    content, damage = unpack(bytes(packed), size=100_000)
    assert content == whole
    assert damage is not None
    assert "incorrect data check" in damage


def test_a_beginning_may_be_looked_at_before_it_is_read() -> None:
    stream = Peeked(Drops(TEXT, 3))
    assert stream.peek(100) == TEXT[:100]
    assert stream.peek(50) == TEXT[:100]
    assert drain(stream) == (TEXT, None)


def test_a_damage_behind_a_beginning_waits_until_the_beginning_is_read() -> None:
    cut = Unpacked(Drops(gzip.compress(TEXT)[:300], 10), DECOMPRESSORS[b"\x1f\x8b"])
    stream = Peeked(cut)
    begin = stream.peek(100_000)
    assert begin
    assert TEXT.startswith(begin)
    assert drain(stream) == (begin, "it ends too early")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32", "cp1251", "shift_jis"])
def test_another_encoding_becomes_utf_8_wherever_its_bytes_are_parted(encoding: str) -> None:
    text = "\u0432\u043e\u043f\u0440\u043e\u0441, question\n" * 9
    assert drain(Recoded(Drops(text.encode(encoding), 1), encoding)) == (text.encode(), None)


def test_what_an_encoding_does_not_allow_is_replaced() -> None:
    cut = "a\u20ac".encode("utf-16-le")[:-1]
    assert drain(Recoded(Drops(cut, 5), "utf-16-le")) == ("a\ufffd".encode(), None)


def test_a_pipe_that_nobody_waits_for_is_read_to_its_end() -> None:
    reading_end, writing_end = os.pipe()
    os.set_blocking(reading_end, False)
    before = os.dup(0)
    os.dup2(reading_end, 0)

    def write() -> None:
        with open(writing_end, "wb", buffering=0) as pipe:  # noqa: PTH123 (it has no path)
            for start in range(0, 30, 10):
                pipe.write(TEXT[start : start + 10])
                time.sleep(0.02)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with Tracked(STANDARD_INPUT) as stream:
            assert drain(Peeked(stream)) == (TEXT[:30], None)
    finally:
        os.dup2(before, 0)
        writer.join()
        for descriptor in (before, reading_end):
            os.close(descriptor)


@pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)
def test_zeros_come_in_small_pieces(pack: Callable[[bytes], bytes]) -> None:
    """A chunk of them becomes 16 MiB by gzip, and hundreds by bzip2."""
    packed = pack(bytes(5 * PIECE_BYTES + 7)) + pack(b"end")
    new = next(new for magic, new in DECOMPRESSORS.items() if packed.startswith(magic))
    unpacked = Unpacked(Drops(packed, 100_000), new)
    pieces = []
    with suppress(EOFError):
        while True:
            pieces.append(unpacked.next_piece())
    assert max(map(len, pieces)) == PIECE_BYTES
    assert b"".join(pieces) == bytes(5 * PIECE_BYTES + 7) + b"end"


def test_xz_takes_no_more_memory_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file may ask for gigabytes."""
    packed = lzma.compress(TEXT, preset=6)  # asks for nine MiB
    monkeypatch.setattr("core.questions.files.unpacking.XZ_MEMORY", 2**23)
    assert unpack(packed) == (b"", "Memory usage limit exceeded")
