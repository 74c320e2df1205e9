"""The model bundle: one zip that holds all that a worker needs to tag.

    manifest.json     what the model is, how its input is made, its labels and thresholds
    vocabulary.json   the words and pairs of words that it knows, in the order of their ids
    model.keras       the network as the trainer made it, for people and further training
    model.tflite      the same network, for workers

The zip's comment is the SHA-256, in hexadecimal, of all bytes before it: so a byte that changed
anywhere is seen before anything is parsed. That finds damage, not malice. A bundle may come from a
stranger: its members are named and bounded before they are read, it is parsed by a strict schema,
and nothing in it is ever unpickled or run but the LiteRT network.

Bundles and networks stay in files and are read in pieces: no process holds one in its memory.
"""

import errno
import hashlib
import os
import shutil
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Final
from zipfile import ZIP_DEFLATED, ZIP_STORED

from core.errors import BundleCorrupt, BundleForeign, BundleRefused
from core.model.manifest import Manifest, parse_manifest
from core.model.vocabulary import Vocabulary, dump_vocabulary, parse_vocabulary
from core.site_names import name_today

MANIFEST: Final = "manifest.json"
VOCABULARY: Final = "vocabulary.json"
KERAS: Final = "model.keras"
TFLITE: Final = "model.tflite"

PIECE: Final = 1 << 20  # bytes that are read at a time

# The largest sizes, in bytes, unpacked. A network of the default architecture has 61 MB with 11,000
# words, 31,500 pairs and 100 labels (and its vocabulary 0.7 MB), and at its own limits, 40,000 of
# both and 200 labels to which terms speak, about 155 MB.
_MEMBERS: Final = {
    MANIFEST: 16 << 20,
    VOCABULARY: 16 << 20,
    KERAS: 180 << 20,
    TFLITE: 180 << 20,
}
MAX_BUNDLE: Final = sum(_MEMBERS.values())  # bytes of the zip
_MAX_RATIO: Final = 200  # unpacked to packed; text reaches 10, a zip bomb 1,000
_SEAL: Final = 64  # characters of the comment
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
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # one date for all members: equal models, equal bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A bundle that has been unpacked, or is to be packed.

    Attributes:
        manifest: what the model is.
        vocabulary: the words that it knows.
        tflite: the file of the network for workers.
        keras: the file of the network for people; None where it was left packed.
    """

    manifest: Manifest
    vocabulary: Vocabulary
    tflite: Path
    keras: Path | None = None

    @property
    def size(self) -> int:
        """Bytes of the network for workers: what a model takes of a process's memory."""
        return self.tflite.stat().st_size


@dataclass(frozen=True, slots=True)
class PackedBundle:
    """A bundle's zip, in a file.

    Attributes:
        path: the file.
        manifest: what stands in it.
        sha256: of the whole file, in hexadecimal.
        size: of the file, in bytes.
    """

    path: Path
    manifest: Manifest
    sha256: str
    size: int


class SealedHash:
    """The SHA-256 of a bundle's zip that comes in pieces, and whether its seal is true."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._tail = b""  # what may be the seal

    def update(self, piece: bytes) -> None:
        """Take the next bytes."""
        held = self._tail + piece
        self._hash.update(memoryview(held)[:-_SEAL])
        self._tail = held[-_SEAL:]

    def is_sealed(self) -> bool:
        """Whether the bytes so far end with the SHA-256 of all before it."""
        return self._hash.hexdigest().encode() == self._tail

    def hexdigest(self) -> str:
        """SHA-256 of all bytes so far, in hexadecimal."""
        whole = self._hash.copy()
        whole.update(self._tail)
        return whole.hexdigest()


def read_pieces(file: IO[bytes]) -> Iterator[bytes]:
    """Read a file from where it stands to its end, PIECE bytes at a time."""
    while piece := file.read(PIECE):
        yield piece


def hash_bundle(path: Path) -> SealedHash:
    """Read a bundle's zip for its SHA-256 and its seal."""
    found = SealedHash()
    with path.open("rb") as file:
        for piece in read_pieces(file):
            found.update(piece)
    return found


def pack(bundle: Bundle, path: Path) -> PackedBundle:
    """Write the bundle's zip; equal bundles give equal bytes.

        packed = pack(bundle, folder / "stats.bundle.zip")
        print(packed.sha256)

    Raises:
        BundleRefused: a member is larger than unpack() takes.
        ValueError: the bundle's model.keras was left packed.
    """
    if bundle.keras is None:
        raise ValueError("a bundle without model.keras cannot be packed")
    texts = {
        MANIFEST: bundle.manifest.model_dump_json(indent=1).encode(),
        VOCABULARY: dump_vocabulary(bundle.vocabulary),
    }
    with path.open("w+b") as file:
        with zipfile.ZipFile(file, "w", ZIP_DEFLATED) as archive:
            archive.comment = bytes(_SEAL)  # its place and length
            for name, text in texts.items():
                archive.writestr(_describe_member(name, len(text)), text)
            for name, member in ((KERAS, bundle.keras), (TFLITE, bundle.tflite)):
                info = _describe_member(name, member.stat().st_size)
                with member.open("rb") as source, archive.open(info, "w") as target:
                    shutil.copyfileobj(source, target, PIECE)
        return PackedBundle(path, bundle.manifest, _seal(file), file.tell())


def _describe_member(name: str, size: int) -> zipfile.ZipInfo:
    if size > _MEMBERS[name]:
        raise BundleRefused(
            f"The model's {name} has {size:,} bytes, and a bundle takes "
            f"{_MEMBERS[name]:,}: learn fewer tags or words."
        )
    info = zipfile.ZipInfo(name, _EPOCH)
    # Weights shrink by 7% only, and whoever loads a network would unpack it for half a second.
    info.compress_type = ZIP_STORED if name == TFLITE else ZIP_DEFLATED
    info.file_size = size
    return info


def _seal(file: BinaryIO) -> str:
    """Write the seal over the zip's comment; return the SHA-256 of the whole."""
    left = file.seek(-_SEAL, os.SEEK_END)
    file.seek(0)
    whole = hashlib.sha256()
    while left:
        piece = file.read(min(PIECE, left))
        whole.update(piece)
        left -= len(piece)
    seal = whole.hexdigest().encode()
    file.seek(-_SEAL, os.SEEK_END)  # between reading and writing
    file.write(seal)
    whole.update(seal)
    return whole.hexdigest()


def inspect(
    path: Path,
    *,
    site: str | None = None,
    sha256: str | None = None,
    found: SealedHash | None = None,
) -> PackedBundle:
    """Verify a bundle's zip, but for its vocabulary, and read its manifest.

    Args:
        path: the file.
        site: whose model it is to be; None takes any.
        sha256: what its file must have, in hexadecimal; None takes any.
        found: of its bytes, where they were just hashed.

    Raises:
        BundleCorrupt: it has another SHA-256, it has changed since it was packed, it is no zip, a
            member is missing, unexpected, too large or not as it should.
        BundleIncompatible: its format version is not this program's.
        BundleForeign: it belongs to another site.
    """
    found = found or hash_bundle(path)
    if sha256 is not None and found.hexdigest() != sha256.strip().lower():
        raise BundleCorrupt(f"The model bundle has another SHA-256: {found.hexdigest()}.")
    if not found.is_sealed():
        raise BundleCorrupt(
            "The model bundle is damaged, or none: it does not end with the SHA-256 of its bytes."
        )
    manifest = parse_manifest(_read_member(path, MANIFEST))
    if site is not None and name_today(site) != manifest.site:
        raise BundleForeign(f"The model bundle belongs to the site {manifest.site}, not to {site}.")
    return PackedBundle(path, manifest, found.hexdigest(), path.stat().st_size)


def unpack(
    path: Path,
    folder: Path,
    *,
    site: str | None = None,
    keras: bool = True,
    found: SealedHash | None = None,
) -> Bundle:
    """Verify a bundle's zip and write its members into a folder.

        bundle = unpack(Path("stats.bundle.zip"), folder, site="stats")
        model = Model(bundle)

    Args:
        path: the zip.
        folder: where its members are to stand.
        site: whose model it is to be; None takes any.
        keras: whether model.keras is unpacked too, which tagging does without.
        found: of its bytes, by whoever has just written them; it is read for that otherwise.

    Raises:
        BundleRefused: as of inspect().
        OSError: the folder cannot be written.
    """
    inspect(path, site=site, found=found)
    for name in _MEMBERS:
        if keras or name != KERAS:
            _write_member(path, name, folder / name)
    return read_unpacked(folder)


def read_unpacked(folder: Path) -> Bundle:
    """Return the bundle whose members stand in a folder.

    Raises:
        BundleRefused: its manifest or vocabulary is not as it should be.
        OSError: a member is missing or cannot be read.
    """
    keras = folder / KERAS
    return Bundle(
        manifest=parse_manifest((folder / MANIFEST).read_bytes()),
        vocabulary=parse_vocabulary((folder / VOCABULARY).read_bytes()),
        tflite=folder / TFLITE,
        keras=keras if keras.exists() else None,
    )


def _read_member(path: Path, name: str) -> bytes:
    return b"".join(_member_pieces(path, name))


def _write_member(path: Path, name: str, target: Path) -> None:
    with target.open("wb") as file:
        for piece in _member_pieces(path, name):
            file.write(piece)


def _member_pieces(path: Path, name: str) -> Iterator[bytes]:
    """A member's bytes; no more than its size, which is checked before, and its CRC after."""
    with path.open("rb") as file:
        try:
            _check_directory(file)
            with zipfile.ZipFile(file) as archive:
                _check_members(archive.infolist())
                with archive.open(name) as member:
                    yield from read_pieces(member)
        except _UNREADABLE as error:
            if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
                raise  # the disk's trouble; a place before the file's start is the bundle's
            raise BundleCorrupt(f"The model bundle is not a readable zip: {error}.") from error


def _check_directory(file: BinaryIO) -> None:
    """Refuse a zip whose list of members is long, before all of it is read."""
    file.seek(-_SEAL - _DIRECTORY_END.size - _ZIP64, os.SEEK_END)
    zip64 = file.read(_ZIP64)  # where a list stands whose length is told elsewhere
    mark, *_, length, _, comment = _DIRECTORY_END.unpack(file.read(_DIRECTORY_END.size))
    if mark != b"PK\5\6" or comment != _SEAL or zip64.startswith(b"PK\6\7"):
        raise BundleCorrupt("The model bundle is not a readable zip: its end is another's.")
    if length > _MOST_DIRECTORY:
        raise BundleCorrupt("The model bundle holds files that do not belong in one.")
    file.seek(0)


def _check_members(infos: list[zipfile.ZipInfo]) -> None:
    names = {info.filename for info in infos}
    if missing := _MEMBERS.keys() - names:
        raise BundleCorrupt(f"The model bundle has no {', '.join(sorted(missing))}.")
    if names - _MEMBERS.keys() or len(infos) != len(_MEMBERS):
        raise BundleCorrupt("The model bundle holds files that do not belong in one.")
    if any(info.compress_type not in (ZIP_STORED, ZIP_DEFLATED) for info in infos):
        raise BundleCorrupt("The model bundle is packed by a method that no bundle uses.")
    for info in infos:
        if info.file_size > min(_MEMBERS[info.filename], _MAX_RATIO * (info.compress_size + 1024)):
            raise BundleCorrupt(
                f"The model bundle's {info.filename} would unpack to {info.file_size:,} bytes; "
                "no model is like that."
            )
