"""Fetches bundles from the registry: packed into a file, or unpacked into a folder."""

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.engine import Connection

from core.database.engine import reading
from core.errors import BundleCorrupt, VersionPruned
from core.model.bundle import Bundle, check_site, unpack
from core.model.bundle_store import fetch_parts, fetch_served, open_parts
from core.model.manifest import Manifest, parse_manifest
from core.model.packed.members import MANIFEST, SealedHash, read_member
from core.model.registry import Version, tell_pruned


def load_bundle(
    connection: Connection, version: Version, folder: Path, *, keras: bool = True
) -> Bundle:
    """Fetch a version's bundle, verify it, and unpack it into a folder.

    Args:
        connection: the database's.
        version: whose bundle.
        folder: where its members are to stand; it has room for the zip too.
        keras: whether model.keras is unpacked too, which tagging does without.

    Raises:
        VersionPruned: its bundle is gone.
        BundleRefused: its bytes are not those that were published, or do not parse.
        OSError: the folder cannot be written.
    """
    packed = folder / "bundle.zip"
    try:
        found = fetch_packed(connection, version, packed)
        return unpack(packed, folder, site=version.site, keras=keras, found=found)
    finally:
        packed.unlink(missing_ok=True)


def fetch_from(engine: Engine) -> Callable[[Version, Path], dict[str, str] | None]:
    """Return what unpacks a version's bundle into a folder, as a cache of bundles wants it."""

    def fetch(version: Version, folder: Path) -> dict[str, str] | None:
        with reading(engine) as connection:
            return _fetch(connection, version, folder)

    return fetch


def _fetch(connection: Connection, version: Version, folder: Path) -> dict[str, str] | None:
    """Write what a worker reads of a version; return its files' SHA-256 where they were checked.

    Raises:
        VersionPruned, BundleRefused, OSError: as of load_bundle().
    """
    if version.pruned_at is not None:
        raise VersionPruned(tell_pruned(version))
    digests = fetch_served(connection, version.id, folder)
    if digests is None:
        load_bundle(connection, version, folder, keras=False)
    else:
        check_site(parse_manifest((folder / MANIFEST).read_bytes()), version.site)
    return digests


def fetch_manifest(connection: Connection, version: Version) -> Manifest:
    """Return what a version's bundle says of itself, read where it stands.

    The rest of the bundle is neither fetched nor verified.

    Raises:
        VersionPruned: its bundle is gone.
        BundleRefused: its manifest is not as it should be, or there is no zip.
    """
    if version.pruned_at is not None:
        raise VersionPruned(tell_pruned(version))
    packed = open_parts(connection, version.id, version.size)
    return parse_manifest(read_member(packed, MANIFEST))


def fetch_packed(connection: Connection, version: Version, path: Path) -> SealedHash:
    """Write a version's zip to a file; return its hash, which is that of the one published.

    Raises:
        VersionPruned: its bundle is gone.
        BundleCorrupt: its bytes are not those that were published.
        OSError: the file cannot be written.
    """
    if version.pruned_at is not None:
        raise VersionPruned(tell_pruned(version))
    found = fetch_parts(connection, version.id, path)
    if found.hexdigest() != version.sha256:
        raise BundleCorrupt(
            f"The bundle of {version.site} version {version.version} does not have the SHA-256 "
            "that the registry holds."
        )
    return found
