"""The machine: room on its disks."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ops.doctor.context import CheckContext
from ops.doctor.finding import Finding

SUBJECT = "disk"

FULL_BELOW: Final = 200_000_000  # bytes: SQLite and Redis may fail at the next larger write
SCARCE_BELOW: Final = 2_000_000_000  # a model and a training's checkpoints take hundreds of MB
SCARCE_SHARE: Final = 0.05  # of a disk that is smaller than forty times that

# What is deleted from a database shrinks no file of it, but is filled up again before one grows.
_MAKE_ROOM = (
    "Make room on it, or a larger one; within the database, of old models: tagger models prune"
)


def check_disk(context: CheckContext) -> Iterator[Finding]:
    """Look how much room is left where something is written."""
    seen: set[int] = set()
    for folder in _folders(context):
        there = next(one for one in (folder, *folder.parents) if os.path.exists(one))  # noqa: PTH110
        disk = there.stat().st_dev
        if disk not in seen:
            seen.add(disk)
            yield _room(there)


def _folders(context: CheckContext) -> Iterator[Path]:
    settings, file = context.settings, context.sqlite_file
    yield settings.data_dir.absolute()
    yield settings.model_cache
    if file is not None:
        yield file.absolute().parent
    if settings.backup_folder is not None:
        yield settings.backup_folder.absolute()


def _room(folder: Path) -> Finding:
    total, _, free = shutil.disk_usage(folder)
    seen = f"{_size(free)} of {_size(total)} are free at {folder}"
    if free < FULL_BELOW:
        seen += f"; below {_size(FULL_BELOW)} a write may fail"
        return Finding(SUBJECT, "error", seen, _MAKE_ROOM)
    if free < min(SCARCE_BELOW, SCARCE_SHARE * total):
        return Finding(SUBJECT, "warning", seen, _MAKE_ROOM)
    return Finding(SUBJECT, "ok", seen)


def _size(count: int) -> str:
    """So many bytes, in a unit that tells little room from none."""
    return f"{count / 1e9:,.1f} GB" if count >= 10**9 else f"{count / 1e6:,.0f} MB"
