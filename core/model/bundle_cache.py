"""Unpacked bundles on this machine's disk, by their SHA-256, for all processes that share it.

A bundle is fetched once, by whoever comes first; the others wait for it and map the same file into
their memory. What stands in the folder is believed only where it belongs to this user and still
has the SHA-256 that was noted when it was unpacked: anything else is made anew.
"""

import fcntl
import hashlib
import json
import logging
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from core.errors import BundleIncompatible, BundleRefused, CacheUnusable, DatabaseUnreachable
from core.model.packed.members import TFLITE, read_pieces
from core.settings import Settings

if TYPE_CHECKING:
    from core.model.bundle import Bundle

log = logging.getLogger(__name__)

_DIGESTS: Final = "digests.json"  # of each file beside it
_LOCK: Final = ".lock"
_UNFINISHED: Final = ".unfinished"
_ENTRY: Final = re.compile(r"[0-9a-f]{64}")


class Cacheable(Protocol):
    """What is known of a bundle before it is fetched, as a registry's `Version`."""

    @property
    def sha256(self) -> str:
        """Of its zip, in hexadecimal."""

    @property
    def size(self) -> int:
        """Of its zip, in bytes."""


V = TypeVar("V", bound=Cacheable)
Fetch = Callable[[V, Path], Mapping[str, str] | None]


def open_cache(settings: Settings) -> "BundleCache":
    """Return the cache that the settings name; nothing is made yet."""
    return BundleCache(settings.model_cache, most_bytes=settings.model_cache_mb * 1_000_000)


class BundleCache:
    """A folder of unpacked bundles, with a bound; oldest uses go first.

    Each user of the machine has a folder of its own in it, which nobody else can write.
    """

    def __init__(self, folder: Path, *, most_bytes: int) -> None:
        self.folder = folder / f"user-{os.geteuid()}"
        self._most_bytes = most_bytes

    @contextmanager
    def open(self, version: V, fetch: Fetch[V], *, fresh: bool = False) -> Iterator["Bundle"]:
        """Give a version's bundle, whose files nobody deletes before they are mapped.

            with cache.open(version, fetch) as bundle:
                model = Model(bundle)

        Args:
            version: whose.
            fetch: is called with the version and an empty folder, to unpack the bundle into,
                where the cache does not hold it; returns the SHA-256 of each file by its name, or
                None where it has not looked at them.
            fresh: whether it is fetched whole, whatever stands here, to see that it can be.

        Raises:
            BundleRefused: as of `fetch`, as its other errors.
            CacheUnusable: the folder cannot be used, or is full.
        """
        with self._locked() as lock:
            found = None if fresh else self._find(version.sha256)
            if found is None:
                self._lock(lock, fcntl.LOCK_EX)
                if fresh:
                    shutil.rmtree(self._aside(version), ignore_errors=True)
                else:  # another process may have made it while this one waited
                    found = self._find(version.sha256)
                found = found or self._make_and_read(version, fetch)
            yield found

    def fill(self, version: V, fetch: Fetch[V]) -> None:
        """Fetch a version's bundle, for those who will open it, where nothing of it is there."""
        if self.holds(version):
            return
        with self._locked() as lock:
            self._lock(lock, fcntl.LOCK_EX)
            if not self.holds(version):
                self._make(version, fetch)

    def holds(self, version: Cacheable) -> bool:
        """Whether a version's bundle is there; who opens it finds out whether it is whole."""
        return (self.folder / version.sha256).exists()

    def _find(self, sha256: str) -> "Bundle | None":
        entry = self.folder / sha256
        try:
            if not entry.exists():
                return None
            digests = _noted_digests(entry)
            with ThreadPoolExecutor(1) as hashing:  # which holds no lock of Python's
                changed = hashing.submit(_find_changed, entry, digests)
                try:
                    found = _read(entry)
                except BundleIncompatible:
                    _refuse_changed(changed.result())
                    raise
            _refuse_changed(changed.result())
            os.utime(entry)  # the time of its last use
        except BundleIncompatible:  # as it was made; another would be no other
            raise
        except (OSError, ValueError, BundleRefused) as error:
            log.warning("%s in the cache of models is damaged and made anew: %s", entry, error)
            return None
        return found

    def _make_and_read(self, version: V, fetch: Fetch[V]) -> "Bundle":
        self._make(version, fetch)
        with _unusable(self.folder):
            return _read(self.folder / version.sha256)

    def _make(self, version: V, fetch: Fetch[V]) -> None:
        """Unpack a bundle aside and put it in its place; the caller holds the lock.

        What a process has unpacked that died, or that lost the database, stays for the next one: a
        slow link is no reason to begin again.
        """
        entry, aside = self.folder / version.sha256, self._aside(version)
        try:
            with _unusable(self.folder):
                self._tidy(aside)
                self._prune(entry, size=2 * version.size)  # the zip, and what comes out of it
                aside.mkdir(mode=0o700, exist_ok=True)
                digests = fetch(version, aside) or _digests(aside)
                (aside / _DIGESTS).write_text(json.dumps(dict(digests)))
                if entry.exists():
                    shutil.rmtree(entry)
                aside.rename(entry)
        except DatabaseUnreachable:
            raise
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise

    def _aside(self, version: Cacheable) -> Path:
        return self.folder / f"{_UNFINISHED}-{version.sha256}"

    def _tidy(self, aside: Path) -> None:
        """Delete what processes that died have left, but for what a folder holds of a network."""
        for path in self.folder.glob(f"{_UNFINISHED}*"):
            if path.is_symlink() or not path.is_dir():
                path.unlink()
            elif path != aside or path.stat().st_uid != os.geteuid():
                shutil.rmtree(path, ignore_errors=path != aside)
        for path in aside.glob("*"):
            if path.name != TFLITE or path.is_symlink():
                path.unlink()

    def _prune(self, kept: Path, *, size: int) -> None:
        """Delete the bundles that were not used for the longest time, to make room for one.

        A process that has one mapped keeps it, until it loads another.
        """
        entries = [
            path
            for path in self.folder.iterdir()
            if _ENTRY.fullmatch(path.name) and path != kept and not path.is_symlink()
        ]
        room = self._most_bytes - size
        for entry in sorted(entries, key=lambda path: -path.stat().st_mtime):
            room -= _size(entry)
            if room < 0:
                shutil.rmtree(entry, ignore_errors=True)

    @contextmanager
    def _locked(self) -> Iterator[int]:
        """Hold the lock, shared with others that only read; give what it is a lock on.

        The system frees it when this process dies.
        """
        with _unusable(self.folder):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            lock = os.open(self.folder / _LOCK, flags, 0o600)
        try:
            self._lock(lock, fcntl.LOCK_SH)
            yield lock
        finally:
            os.close(lock)

    def _lock(self, lock: int, how: int) -> None:
        with _unusable(self.folder):
            fcntl.flock(lock, how)


@contextmanager
def _unusable(folder: Path) -> Iterator[None]:
    """Tell in one line that the folder cannot be used.

    Raises:
        CacheUnusable: for every error of the file system.
    """
    try:
        yield
    except OSError as error:
        raise CacheUnusable(
            f"The folder {folder} for unpacked models cannot be used: {error.strerror or error}.",
            "Set TAGGER_MODEL_CACHE_DIR to one that can.",
        ) from error


def _noted_digests(entry: Path) -> dict[str, str]:
    """The SHA-256 that was noted of each file of an entry, all of which are this user's own."""
    digests = json.loads((entry / _DIGESTS).read_text())
    if not isinstance(digests, dict):
        raise ValueError("its digests are not readable")  # noqa: TRY004 (as of what is no JSON)
    files = {path.name: path for path in entry.iterdir()}
    for path in (entry, *files.values()):
        if path.is_symlink() or path.stat().st_uid != os.geteuid():
            raise ValueError(f"{path.name} is not this user's own")
    del files[_DIGESTS]
    if digests.keys() != files.keys():
        raise ValueError("a file is missing, or does not belong there")
    return digests


def _digests(folder: Path) -> dict[str, str]:
    return {path.name: _digest(path) for path in sorted(folder.iterdir())}


def _find_changed(entry: Path, digests: dict[str, str]) -> list[str]:
    return [name for name, digest in digests.items() if _digest(entry / name) != digest]


def _read(entry: Path) -> "Bundle":
    from core.model.bundle import read_unpacked  # noqa: PLC0415 (NumPy, which filling goes without)

    return read_unpacked(entry)


def _refuse_changed(names: list[str]) -> None:
    if names:
        raise ValueError(f"{', '.join(names)} has changed")


def _digest(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        for piece in read_pieces(file):
            found.update(piece)
    return found.hexdigest()


def _size(entry: Path) -> int:
    return sum(path.stat().st_size for path in entry.iterdir())
