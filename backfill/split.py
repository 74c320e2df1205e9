"""Cuts question files into shards, as they are read."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from backfill.folder import BackfillFolder, InputFile, Split
from backfill.shards import pack_questions
from core.errors import ImportFailed
from core.questions.files import (
    STANDARD_INPUT,
    BrokenRow,
    OnFilePosition,
    SeenIds,
    open_all,
    with_tag_files,
)
from core.questions.store import FetchedQuestion

MOST_BROKEN = 100_000  # that are kept; the others are counted

_PIECE = 1 << 20


def find_inputs(files: Sequence[Path]) -> tuple[Path, ...]:
    """All files that split() reads of those given: also the Tags.csv beside a Questions.csv.

    Raises:
        ImportFailed: one cannot be read, not twice, or has no format that is known.
    """
    for path in files:
        if path == STANDARD_INPUT or (path.exists() and not path.is_file()):
            name = "standard input" if path == STANDARD_INPUT else path
            raise ImportFailed(
                f"{name} is a pipe, and a backfill reads its files twice: save it first."
            )
    return with_tag_files(files)


def identify(path: Path, on_position: OnFilePosition = lambda _path, _position: None) -> InputFile:
    """Tell a file by the SHA-256 of its bytes.

    Args:
        path: the file.
        on_position: called with the file and how many bytes of it have been read.

    Raises:
        ImportFailed: it cannot be read.
    """
    found = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                found.update(piece)
                on_position(path, file.tell())
    except OSError as error:
        raise ImportFailed(f"{path} cannot be read: {error.strerror or error}.") from error
    return InputFile(name=path.name, sha256=found.hexdigest())


def split(
    folder: BackfillFolder,
    files: Sequence[Path],
    *,
    site: str,
    size: int,
    on_position: OnFilePosition = lambda _path, _position: None,
) -> Split:
    """Write the shards of questions that are not there yet; read all files for it.

    Where two rows have one id, the first counts. Shards that are there are left as they are: the
    folder's plan says that the same program wrote them of the same files.

    Args:
        folder: where to.
        files: the input; a Tags.csv goes with its Questions.csv.
        site: of all questions; rows that name another one are broken.
        size: questions of one shard.
        on_position: called with a file and how many bytes of it have been read.

    Raises:
        ImportFailed: a file cannot be read to its end, or nothing in them is a question.
        BackfillRefused: the folder cannot be written.
    """
    splitter = _Splitter(folder, size)
    for _, rows in open_all(files, site=site, on_position=on_position):
        for row in rows:
            splitter.add(row)
    return splitter.end()


class _Splitter:
    """Questions on their way into shards."""

    def __init__(self, folder: BackfillFolder, size: int) -> None:
        self._folder, self._size = folder, size
        self._seen = SeenIds()
        self._shard: list[FetchedQuestion] = []
        self._broken: list[BrokenRow] = []
        self._shards = self._questions = self._broken_count = self._repeated = 0
        self._newest: datetime | None = None

    def add(self, row: FetchedQuestion | BrokenRow) -> None:
        if isinstance(row, BrokenRow):
            self._broken_count += 1
            if len(self._broken) < MOST_BROKEN:
                self._broken.append(row)
        elif not self._seen.add(row.site, row.question_id):
            self._repeated += 1
        else:
            self._shard.append(row)
            self._newest = max(filter(None, (self._newest, row.created_at)), default=None)
            if len(self._shard) == self._size:
                self._write()

    def _write(self) -> None:
        path = self._folder.question_shard(self._shards)
        if not path.exists():
            self._folder.write(path, pack_questions(self._shard))
        self._shards += 1
        self._questions += len(self._shard)
        self._shard = []

    def end(self) -> Split:
        if self._shard:
            self._write()
        if not self._questions:
            first = next(iter(self._broken), "they are empty.")
            raise ImportFailed(f"The files hold no question that can be used: {first}")
        done = Split(
            shards=self._shards,
            questions=self._questions,
            broken=self._broken_count,
            repeated=self._repeated,
            newest=self._newest,
        )
        self._folder.write_split(done, self._broken)
        return done
