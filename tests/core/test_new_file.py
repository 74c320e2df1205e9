import errno
import fcntl
import os
from pathlib import Path

import pytest

from core.errors import DatabaseUnreachable, ExportFailed
from core.new_file import new_file, open_lock_file


def write(path: Path, *, force: bool = False) -> None:
    with new_file(path, force=force, failure=ExportFailed) as aside:
        assert not path.exists() or path.read_bytes() == b"mine"
        aside.write_bytes(b"new")


def test_a_file_takes_its_place_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "stats.zip"
    write(path)
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_exists_is_overwritten_by_force_alone(tmp_path: Path) -> None:
    path = tmp_path / "stats.zip"
    path.write_bytes(b"mine")
    with pytest.raises(ExportFailed, match=r"stats\.zip exists; .*--force"):
        write(path)
    assert path.read_bytes() == b"mine"
    write(path, force=True)
    assert path.read_bytes() == b"new"


def test_who_was_faster_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "stats.zip"

    def be_slower() -> None:
        with new_file(path, force=False, failure=ExportFailed) as aside:
            aside.write_bytes(b"new")
            path.write_bytes(b"mine")

    with pytest.raises(ExportFailed, match=r"stats\.zip exists; .*--force"):
        be_slower()
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("stats.zip", b"mine")]


def test_two_processes_of_one_number_do_not_share_what_they_write(tmp_path: Path) -> None:
    """As those of two containers, or of one that was killed and left its file."""
    path = tmp_path / "stats.zip"
    with new_file(path, force=True, failure=ExportFailed) as one:
        one.write_bytes(b"one")
        with new_file(path, force=True, failure=ExportFailed) as other:
            assert not other.exists()
            other.write_bytes(b"other")
    assert path.read_bytes() == b"one"


def test_what_is_no_file_stays_and_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("folder", "pipe"):
        for force in (False, True):
            with pytest.raises(ExportFailed, match=f"{name} is no file"):
                write(tmp_path / name, force=force)
    with pytest.raises(ExportFailed, match="cannot be written: No such file"):
        write(tmp_path / "missing" / "stats.zip")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["folder", "pipe"]


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP])
def test_a_file_system_without_links_gets_a_file_and_replaces_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """As that of a share or of a memory card, on which backups lie."""

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    test_a_file_takes_its_place_at_the_end(tmp_path)
    (tmp_path / "stats.zip").unlink()
    test_who_was_faster_loses_nothing(tmp_path)


def test_where_it_cannot_take_its_place_no_empty_file_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(ExportFailed, match="cannot be written: Operation not permitted"):
        write(tmp_path / "stats.zip")
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_may_only_be_read_can_be_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one that root has made, by `sudo tagger train`."""
    path, open_file = tmp_path / "a.lock", os.open
    open_lock_file(path).close()

    def open_to_read_alone(file: Path, flags: int, mode: int) -> int:
        if flags & os.O_RDWR:  # which root, as whom tests may run, is refused nothing
            raise PermissionError
        return open_file(file, flags, mode)

    monkeypatch.setattr(os, "open", open_to_read_alone)
    with open_lock_file(path) as first, open_lock_file(path) as second:
        fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with pytest.raises(BlockingIOError):
            fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_one_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "none" / "a.lock"
    with pytest.raises(DatabaseUnreachable, match=f"The lock {path} cannot be opened: No such"):
        open_lock_file(path)
