"""The rows of an import that cannot be used: how many, the first few, and all of them in a file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

from core.errors import ImportFailed
from core.questions.files import BrokenRow
from core.untrusted import CsvWriter

SHOWN: Final = 10
_HEADER: Final = b"file,line,reason"


class BrokenRows:
    """The broken rows, of which a file that takes no more of them ends no import.

    Attributes:
        count: of all.
        first: those that are shown.
        failure: why the file does not have all of them.
    """

    def __init__(self, file: TextIO | None) -> None:
        self.count = 0
        self.first: list[BrokenRow] = []
        self.failure: str | None = None
        self._file = file
        self._write("file", "line", "reason")

    def add(self, row: BrokenRow) -> None:
        """Count a row, and write it where the file still takes rows."""
        self.count += 1
        if len(self.first) < SHOWN:
            self.first.append(row)
        self._write(row.file, row.line, row.reason)

    def _write(self, *cells: str | float) -> None:
        if self._file is None or self.failure is not None:
            return
        try:
            CsvWriter(self._file).write(*cells)
        except OSError as error:
            self.failure = _explain(self._file.name, error)

    def close(self) -> None:
        """Close the file, which writes the last rows."""
        if self._file is None:
            return
        try:
            self._file.close()
        except OSError as error:
            self.failure = self.failure or _explain(self._file.name, error)


@contextmanager
def open_broken_rows(path: Path | None) -> Iterator[BrokenRows]:
    """Collect broken rows, in a file where one is named; what it does not take is told afterwards.

    Raises:
        ImportFailed: the file cannot be opened, or holds something else, as the questions may be.
    """
    try:
        if path is not None and _holds_something_else(path):
            raise ImportFailed(
                f"{path} is there, and is no list of broken rows: name another file with --errors."
            )
        file = path.open("w", encoding="utf-8", newline="") if path else None
    except OSError as error:
        raise ImportFailed(_explain(str(path), error)) from error
    broken = BrokenRows(file)
    try:
        yield broken
    finally:
        broken.close()


def _holds_something_else(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_HEADER)) not in (b"", _HEADER)


def _explain(path: str, error: OSError) -> str:
    return (
        f"The broken rows cannot be written to {path}: {error.strerror}. Make room for them, "
        "or name another file with --errors."
    )
