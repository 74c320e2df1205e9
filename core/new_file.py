"""Files that appear whole or not at all, in place of none that nobody gave up; and locks."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO, Final

from core.errors import DatabaseUnreachable, TaggerError

# Of file systems without links, as those of cameras' cards and of many shares.
_WITHOUT_LINKS: Final = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS)
_LOCK_FLAGS: Final = os.O_CREAT | os.O_CLOEXEC


@contextmanager
def new_file(path: Path, *, force: bool, failure: type[TaggerError]) -> Iterator[Path]:
    """Give the path of a file to write beside its place, which it takes at the end.

    with new_file(Path("model.zip"), force=False, failure=ExportFailed) as aside:
        aside.write_bytes(data)

    Args:
        path: its place.
        force: whether it may take the place of another file.
        failure: the error to raise where there is such a file and `force` is not set, where it is
            a folder, a device or a pipe, and where it cannot be written.
    """
    if path.exists() and not path.is_file():  # a device would be replaced for everybody
        raise failure(f"{path} is no file: name one that is, or a new one.")
    if path.exists() and not force:
        raise failure(f"The file {path} exists; overwrite it with --force.")
    # Not by the process' number, which is the same in each container: the file of one that was
    # killed would be in the way of all that come after it.
    aside = path.with_name(f".{path.name}.{token_hex(4)}.part")
    try:
        try:
            yield aside
            if force:
                aside.replace(path)
            else:
                put_in_place(aside, path)
        finally:
            aside.unlink(missing_ok=True)
    except FileExistsError:
        raise failure(f"The file {path} exists; overwrite it with --force.") from None
    except OSError as error:
        raise failure(f"The file {path} cannot be written: {error.strerror}.") from None


def put_in_place(aside: Path, path: Path) -> None:
    """Give a file its name, and replace nothing, whoever was faster.

    Raises:
        FileExistsError: there is a file of that name.
        OSError: it cannot be given.
    """
    try:
        path.hardlink_to(aside)
    except OSError as error:
        if error.errno not in _WITHOUT_LINKS:
            raise
        path.touch(exist_ok=False)  # for a moment there is an empty file
        try:
            aside.replace(path)
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def open_lock_file(path: Path) -> BinaryIO:
    """Open a file beside a database, to lock it by flock(); make it where there is none.

    One that may only be read will do: what root has made, as by `sudo`, keeps no other user out.

    Raises:
        DatabaseUnreachable: it can neither be read nor made.
    """
    try:
        try:
            opened = os.open(path, os.O_RDWR | _LOCK_FLAGS, 0o666)  # as NFS wants it for a lock
        except PermissionError:
            opened = os.open(path, os.O_RDONLY | _LOCK_FLAGS, 0o666)
    except OSError as error:
        raise DatabaseUnreachable(
            f"The lock {path} cannot be opened: {error.strerror}.",
            "Delete it, or make it and its folder this user's own.",
        ) from error
    return os.fdopen(opened, "rb")
