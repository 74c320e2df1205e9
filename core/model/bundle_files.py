"""Bundles as files: how they leave an installation, and how a stranger's is tried."""

import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from core.errors import BundleCorrupt, BundleRefused
from core.model.bundle import unpack
from core.model.packed.members import MAX_BUNDLE, read_pieces
from core.model.predictor import Model
from core.settings import PREFIX

TRIAL_SECONDS: Final = 120  # loading the largest bundle and running its sample takes ten
_TRIAL_MEMORY: Final = 2 << 30  # bytes of address space; the default network takes .3 GB
_REFUSED: Final = 3  # exit status of a trial that has a reason to tell


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """The file, or standard input where it is called `-`."""
    if str(path) == "-":
        yield sys.stdin.buffer
        return
    with path.open("rb") as file:
        yield file


@contextmanager
def copy_of_bundle_file(path: Path) -> Iterator[Path]:
    """Give a copy of a stranger's file, which nobody else changes, for as long as it is needed.

    Raises:
        BundleCorrupt: it is larger than any bundle, or cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="bundle-") as folder:
        copy = Path(folder) / "bundle.zip"
        try:
            with _opened(path) as source, copy.open("wb") as target:
                size = 0
                for piece in read_pieces(source):
                    size += len(piece)
                    if size > MAX_BUNDLE:
                        break
                    target.write(piece)
        except OSError as error:
            raise BundleCorrupt(f"The file {path} cannot be read: {error.strerror}.") from None
        if size > MAX_BUNDLE:
            raise BundleCorrupt(
                f"The file {path} is larger than any model bundle ({MAX_BUNDLE:,})."
            )
        yield copy


def try_bundle(path: Path, *, seconds: float = TRIAL_SECONDS) -> None:
    """Load the network of a stranger's bundle and run its sample, in a process of its own.

    LiteRT is native code: a network made to harm may crash its process, or keep it for ever.

    Raises:
        BundleRefused: with the reason, also where the process dies or falls silent.
    """
    secretless = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)}
    command = [sys.executable, "-m", "core.model.bundle_files", str(path)]
    try:
        trial = subprocess.run(  # noqa: S603 (our own program)
            command,
            stdin=subprocess.DEVNULL,
            env=secretless,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise BundleCorrupt(
            f"The bundle's network did not run its sample within {seconds:g} seconds."
        ) from None
    if trial.returncode == _REFUSED:
        raise BundleCorrupt(trial.stdout.decode(errors="replace").strip())
    if trial.returncode != 0:
        raise BundleCorrupt(
            "The bundle's network ended the process that tried it "
            f"({_describe_end(trial.returncode)})."
        )


def _describe_end(status: int) -> str:
    return f"exit status {status}" if status > 0 else signal.Signals(-status).name


def _run_trial() -> None:
    """The child's part: a bundle's file as its argument, a reason against it on the output."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(ValueError, OSError):  # a lower limit is set already, or the system knows none
        resource.setrlimit(resource.RLIMIT_AS, (_TRIAL_MEMORY, _TRIAL_MEMORY))
    try:
        with tempfile.TemporaryDirectory(prefix="trial-") as folder:
            bundle = unpack(Path(sys.argv[1]), Path(folder), keras=False)
            Model(bundle, encoders=None)  # nothing of ours is lent to it
    except BundleRefused as error:
        sys.stdout.write(str(error))
        sys.exit(_REFUSED)


if __name__ == "__main__":
    _run_trial()
