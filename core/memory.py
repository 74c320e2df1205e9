"""What this process holds in memory of its own, what it has freed, and how near a limit is."""

import ctypes
import mmap
import os
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

_GROUPS: Final = Path("/sys/fs/cgroup")
# Of the two versions of control groups: what is used, the limit, and which line of memory.stat
# counts pages of files that are dropped as soon as memory is short. `docker stats` shows the same.
_FIGURES: Final = (
    ("memory.current", "memory.max", "memory.stat", "inactive_file"),
    (
        "memory/memory.usage_in_bytes",
        "memory/memory.limit_in_bytes",
        "memory/memory.stat",
        "total_inactive_file",
    ),
)
_BLAS_THREADS: Final = "OPENBLAS_NUM_THREADS"
_NO_LIMIT: Final = 1 << 60  # what version 1 has for none, or more


class GroupMemory(NamedTuple):
    """What the container of this process holds, and may hold, in bytes."""

    used: int
    limit: int


def group_memory(groups: Path = _GROUPS) -> GroupMemory | None:
    """Return the memory of this process' container; None where it has no limit of its own.

    Args:
        groups: where the system shows this process' control group.
    """
    for used, limit, stat, droppable in _FIGURES:
        try:
            most = int((groups / limit).read_text(encoding="ascii"))
            held = int((groups / used).read_text(encoding="ascii"))
            lines = (groups / stat).read_text(encoding="ascii").splitlines()
        except (OSError, ValueError):  # "max" is no number
            continue
        figures = dict(line.rpartition(" ")[::2] for line in lines)
        if most < _NO_LIMIT:
            return GroupMemory(max(0, held - int(figures.get(droppable, "0"))), most)
    return None


def give_back_freed_memory() -> None:
    """Hand the C library's free memory back, which it otherwise keeps in pieces for later use.

    After three reloads of a network of 61 MB a process held 115 MB of its own instead of 100
    (glibc 2.36). Does nothing where the C library has no malloc_trim(), as musl.
    """
    trim = _find_trim()
    if trim is not None:
        trim(0)


def own_bytes() -> int:
    """Return how much memory this process holds that is no file's; 0 where the system has no /proc.

    What it shares with the process that it was forked from counts too, so look at differences.
    """
    try:
        resident, shared = Path("/proc/self/statm").read_text(encoding="ascii").split()[1:3]
    except OSError:
        return 0
    return (int(resident) - int(shared)) * mmap.PAGESIZE


@cache
def _find_trim() -> Any:
    return getattr(ctypes.CDLL(None), "malloc_trim", None)


def import_numpy() -> None:
    """Import NumPy for a process that multiplies no matrices: its BLAS starts no threads.

    They would take memory, and a tenth of a second of processor time to wait for work in vain.
    """
    before = os.environ.get(_BLAS_THREADS)
    os.environ[_BLAS_THREADS] = before or "1"
    import numpy  # noqa: F401, ICN001, PLC0415

    if before is None:  # a training is this process' child
        del os.environ[_BLAS_THREADS]
