"""A small disk of its own, which can be filled: a tmpfs, where this user may mount one."""

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

FILLER = "filler"
PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class Disk:
    """A folder that may be a disk of its own.

    Attributes:
        folder: what stands on it.
        small: whether it is one; a folder of the machine's disk, which nobody fills, otherwise.
    """

    folder: Path
    small: bool

    def fill(self) -> None:
        """Leave no byte of it free."""
        assert self.small, "this would fill the machine's own disk"
        with (self.folder / FILLER).open("ab", buffering=0) as file:
            for size in (PIECE, 512):
                self._fill(file.fileno(), size)

    def _fill(self, number: int, size: int) -> None:
        try:
            while True:
                os.write(number, bytes(size))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise

    def free(self) -> None:
        """Give back what `fill()` has taken."""
        (self.folder / FILLER).unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path, size_mb: int) -> Iterator[Disk]:
    """A disk of so many MB at a folder, or the folder itself where none can be mounted."""
    folder.mkdir(parents=True)
    options = ["-t", "tmpfs", "-o", f"size={size_mb}m,mode=0755", "tmpfs", str(folder)]
    mounted = os.geteuid() == 0 and _succeeds("mount", *options)
    try:
        yield Disk(folder, mounted)
    finally:
        if mounted:
            _succeeds("umount", "--lazy", str(folder))


def _succeeds(*command: str) -> bool:
    with suppress(OSError):
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    return False
