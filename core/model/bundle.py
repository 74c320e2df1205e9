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

import hashlib
import os
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final
from zipfile import ZIP_DEFLATED, ZIP_STORED

from core.errors import BundleCorrupt, BundleForeign, BundleRefused
from core.model.manifest import Manifest, dump_manifest, parse_manifest
from core.model.packed.members import (
    KERAS,
    MANIFEST,
    MEMBERS,
    PIECE,
    SEAL,
    TFLITE,
    VOCABULARY,
    SealedHash,
    hash_bundle,
    read_member,
    write_member,
)
from core.model.vocabulary import Vocabulary, dump_vocabulary, parse_vocabulary
from core.site_names import name_today

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
        MANIFEST: dump_manifest(bundle.manifest),
        VOCABULARY: dump_vocabulary(bundle.vocabulary),
    }
    with path.open("w+b") as file:
        with zipfile.ZipFile(file, "w", ZIP_DEFLATED) as archive:
            archive.comment = bytes(SEAL)  # its place and length
            for name, text in texts.items():
                archive.writestr(_describe_member(name, len(text)), text)
            for name, member in ((KERAS, bundle.keras), (TFLITE, bundle.tflite)):
                info = _describe_member(name, member.stat().st_size)
                with member.open("rb") as source, archive.open(info, "w") as target:
                    shutil.copyfileobj(source, target, PIECE)
        return PackedBundle(path, bundle.manifest, _seal(file), file.tell())


def _describe_member(name: str, size: int) -> zipfile.ZipInfo:
    if size > MEMBERS[name]:
        raise BundleRefused(
            f"The model's {name} has {size:,} bytes, and a bundle takes "
            f"{MEMBERS[name]:,}: learn fewer tags or words."
        )
    info = zipfile.ZipInfo(name, _EPOCH)
    # Weights shrink by 7% only, and whoever loads a network would unpack it for half a second.
    info.compress_type = ZIP_STORED if name == TFLITE else ZIP_DEFLATED
    info.file_size = size
    return info


def _seal(file: BinaryIO) -> str:
    """Write the seal over the zip's comment; return the SHA-256 of the whole."""
    left = file.seek(-SEAL, os.SEEK_END)
    file.seek(0)
    whole = hashlib.sha256()
    while left:
        piece = file.read(min(PIECE, left))
        whole.update(piece)
        left -= len(piece)
    seal = whole.hexdigest().encode()
    file.seek(-SEAL, os.SEEK_END)  # between reading and writing
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
    """Verify a bundle's zip in a file, and read its manifest.

    Args:
        path: the file.
        site: whose model it is to be; None takes any.
        sha256: what its file must have, in hexadecimal; None takes any.
        found: of its bytes, where they were just hashed.

    Raises:
        BundleRefused: as of verify().
    """
    with path.open("rb") as file:
        found = found or hash_bundle(file)
        manifest = verify(file, found, site=site, sha256=sha256)
    return PackedBundle(path, manifest, found.hexdigest(), path.stat().st_size)


def verify(
    file: BinaryIO, found: SealedHash, *, site: str | None = None, sha256: str | None = None
) -> Manifest:
    """Verify a bundle's zip, but for its vocabulary; return its manifest.

    Args:
        file: the zip.
        found: of its bytes.
        site: whose model it is to be; None takes any.
        sha256: what the zip must have, in hexadecimal; None takes any.

    Raises:
        BundleCorrupt: it has another SHA-256, it has changed since it was packed, it is no zip, a
            member is missing, unexpected, too large or not as it should.
        BundleIncompatible: its format version is not this program's.
        BundleForeign: it belongs to another site.
    """
    if sha256 is not None and found.hexdigest() != sha256.strip().lower():
        raise BundleCorrupt(f"The model bundle has another SHA-256: {found.hexdigest()}.")
    if not found.is_sealed():
        raise BundleCorrupt(
            "The model bundle is damaged, or none: it does not end with the SHA-256 of its bytes."
        )
    manifest = parse_manifest(read_member(file, MANIFEST))
    if site is not None:
        check_site(manifest, site)
    return manifest


def check_site(manifest: Manifest, site: str) -> None:
    """Raise BundleForeign where a manifest belongs to another site."""
    if name_today(site) != manifest.site:
        raise BundleForeign(f"The model bundle belongs to the site {manifest.site}, not to {site}.")


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
        found: of its bytes, by whoever has just written them as they were published; it is read for
            that otherwise.

    Raises:
        BundleRefused: as of verify().
        OSError: the folder cannot be written.
    """
    inspect(path, site=site, found=found)
    for name in MEMBERS:
        if keras or name != KERAS:
            write_member(path, name, folder / name, is_published=found is not None)
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
