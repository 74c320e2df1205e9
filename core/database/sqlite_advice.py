"""What to do about an SQLite file that cannot be used, and who has locked it."""

import os
import sqlite3
from pathlib import Path

from core.untrusted import one_line

_ADVICE = {
    sqlite3.SQLITE_READONLY: "Let this user write the file and its folder.",
    sqlite3.SQLITE_PERM: "Let this user write the file and its folder.",
    sqlite3.SQLITE_CANTOPEN: "See that its folder is there, and that this user may write it.",
    sqlite3.SQLITE_FULL: "Make room on its disk.",
    sqlite3.SQLITE_IOERR: "See whether its disk is full or damaged.",
    sqlite3.SQLITE_CORRUPT: "Put a copy in its place that is whole.",
    sqlite3.SQLITE_NOTADB: "Set TAGGER_DATABASE_URL or TAGGER_DATA_DIR to another file.",
}
_UNWRITABLE = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN)
_LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)

_LOCKS = Path("/proc/locks")  # https://man7.org/linux/man-pages/man5/proc_locks.5.html


def advise(file: Path, error: BaseException) -> str:
    """What a person can do, in a sentence or two.

    Args:
        file: the database's.
        error: the driver's.
    """
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # without what is extended
    if code in _UNWRITABLE and (read_only := find_read_only(file)) is not None:
        what = "folder" if read_only.is_dir() else "file"
        return (
            f"The {what} {read_only} is read-only for this user, and SQLite writes there even to "
            "read. Let this user write it, or set TAGGER_DATA_DIR to another folder."
        )
    if code not in _LOCKED:
        return _ADVICE.get(code, "Set TAGGER_DATABASE_URL to a database that can be used.")
    holders = lock_holders(file)
    if not holders:
        return "Another program writes to it: end that one (fuser names it), or wait for it."
    return f"It is locked by {' and '.join(holders)}: end that, or wait until it has finished."


def find_read_only(file: Path) -> Path | None:
    """What forbids to write a file: itself, or the nearest folder of it that there is."""
    if os.path.exists(file) and not os.access(file, os.W_OK):  # noqa: PTH110 (raises never)
        return file
    folder = next((folder for folder in file.parents if folder.exists()), None)
    return folder if folder is not None and not os.access(folder, os.W_OK | os.X_OK) else None


def lock_holders(file: Path) -> list[str]:
    """The processes that hold it, or forbid to write; none where the system does not tell.

    In a container, processes outside of it stay unknown.
    """
    locks = _read_locks(file)
    writers = {pid for pid, kind in locks if kind == "WRITE"}
    readers = {pid for pid, _ in locks if pid != os.getpid()}
    return [_described(pid) for pid in sorted(writers or readers)]


def _read_locks(file: Path) -> list[tuple[int, str]]:
    """Process and kind of each lock of a database: of its file, or of its index of the WAL."""
    try:
        files = [
            path.stat() for path in (file, file.with_name(f"{file.name}-shm")) if path.exists()
        ]
        inodes = {str(one.st_ino): f"{_device(one.st_dev)}:{one.st_ino}" for one in files}
        lines = [line.split() for line in _LOCKS.read_text().splitlines()]
    except OSError:
        return []
    locks = [line for line in lines if len(line) == 8 and line[5].rpartition(":")[2] in inodes]
    # Where folders lie over each other, as in containers, the device is another one than is told.
    found = [line for line in locks if line[5] in inodes.values()] or locks
    return [(int(pid), kind) for _, _, _, kind, pid, *_ in found if int(pid) > 0]


def _device(number: int) -> str:
    return f"{os.major(number):02x}:{os.minor(number):02x}"


def _described(pid: int) -> str:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except (OSError, UnicodeDecodeError):
        command = ""
    named = f" ({one_line(command)[:80].rstrip()})" if command else ""  # it may be a script
    return f"process {pid}{named}"
