"""The folder of a backfill: what it is of, and which of its shards are there.

    backfill.json                  the input and the model, by their SHA-256; the program's version
    questions/00000.parquet        the input in shards
    questions.json                 how many they are; there when all are
    predictions/00000.parquet      what the model predicts of each
    broken.csv                     rows of the input that could not be used

Every file appears by a rename, so what is there is whole, and a second run does what is missing.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import BackfillRefused
from core.questions.files import BrokenRow
from core.untrusted import CsvWriter

FORMAT: Final = 2  # 1 had no states of questions
SHARD_QUESTIONS: Final = 5000  # megabytes of text, and three seconds of one core

_PLAN: Final = "backfill.json"
_SPLIT: Final = "questions.json"
_LOCK: Final = ".lock"
_ASIDE: Final = ".part"

M = TypeVar("M", bound=BaseModel)


class InputFile(BaseModel):
    """A question file, by what it holds; its name is for people."""

    model_config = ConfigDict(frozen=True)

    name: str
    sha256: str


class Plan(BaseModel):
    """What a backfill is of.

    Attributes:
        site: of all questions.
        program: its version: another one may read the same files in another way.
        files: all that is read, in its order.
        model_sha256: of the bundle's file.
        shard_questions: of one shard; the last one has what is left.
    """

    model_config = ConfigDict(frozen=True)

    format: int = FORMAT
    program: str = ""  # of before it stood here
    site: str
    files: tuple[InputFile, ...]
    model_sha256: str
    shard_questions: int


class Split(BaseModel):
    """The input in shards.

    Attributes:
        shards: how many there are.
        questions: in all of them.
        broken: rows that could not be used.
        repeated: rows that had the id of an earlier one, and were left out.
        newest: when the newest question was created, where any says so.
    """

    model_config = ConfigDict(frozen=True)

    shards: int
    questions: int
    broken: int
    repeated: int
    newest: datetime | None


class BackfillFolder:
    """The folder, held by this process alone; see open_folder()."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def question_shard(self, number: int) -> Path:
        """The file of a shard of questions."""
        return self.path / "questions" / f"{number:05}.parquet"

    def prediction_shard(self, number: int) -> Path:
        """The file of a shard of predictions."""
        return self.path / "predictions" / f"{number:05}.parquet"

    @property
    def broken_rows(self) -> Path:
        """The file of the rows that could not be used."""
        return self.path / "broken.csv"

    def missing(self, shards: int) -> list[int]:
        """The numbers of the shards without predictions."""
        return [number for number in range(shards) if not self.prediction_shard(number).exists()]

    def find_split(self) -> Split | None:
        """The input in shards, where all of them are there.

        Raises:
            BackfillRefused: the file that says so cannot be read.
        """
        return _read(self.path / _SPLIT, Split)

    def write_split(self, split: Split, broken: Sequence[BrokenRow]) -> None:
        """Note that all shards of the input are there."""
        if broken:
            file = StringIO(newline="")
            table = CsvWriter(file)
            table.write("file", "line", "reason")
            table.write_all((row.file, row.line, row.reason) for row in broken)
            self.write(self.broken_rows, file.getvalue().encode())
        self.write(self.path / _SPLIT, split.model_dump_json(indent=1).encode())

    def write(self, path: Path, content: bytes) -> None:
        """Let a file appear with all its bytes, or not at all.

        Raises:
            BackfillRefused: there is no room for it, or no permission.
        """
        with renamed(path) as aside:
            aside.write_bytes(content)


@contextmanager
def renamed(path: Path) -> Iterator[Path]:
    """Give the path of a file to write, which takes its place at the end, on the disk by then.

    Raises:
        BackfillRefused: it cannot be written.
    """
    aside = path.with_name(path.name + _ASIDE)
    try:
        path.parent.mkdir(exist_ok=True)
        yield aside
        with aside.open("rb") as file:
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        raise BackfillRefused(f"{path} cannot be written: {error.strerror or error}.") from error


@contextmanager
def open_folder(path: Path, plan: Plan) -> Iterator[BackfillFolder]:
    """Hold a folder for a backfill, which is made where there is none.

        with open_folder(Path("predictions"), plan) as folder:
            folder.write(folder.prediction_shard(0), shard)

    Raises:
        BackfillRefused: it belongs to another input or model, to no backfill, or another process is
            at it.
    """
    with _locked(path):
        known = _read(path / _PLAN, Plan)
        folder = BackfillFolder(path)
        if known is None:
            _check_empty(path)
            folder.write(path / _PLAN, plan.model_dump_json(indent=1).encode())
        else:
            _check_same(path, known, plan)
        yield folder


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the folder's lock; the system frees it when this process dies."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise BackfillRefused(
            f"The folder {path} cannot be used: {error.strerror or error}."
        ) from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BackfillRefused(f"Another backfill is at work in the folder {path}.") from None
        yield
    finally:
        os.close(lock)


def _read(path: Path, kind: type[M]) -> M | None:
    try:
        return kind.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise BackfillRefused(
            f"{path} cannot be read: delete the folder, or name another one."
        ) from error


def _check_empty(path: Path) -> None:
    others = {entry.name for entry in path.iterdir()} - {_LOCK, _PLAN + _ASIDE}
    if others:
        raise BackfillRefused(
            f"The folder {path} holds {min(others)}, which is no backfill's: name a new folder."
        )


def _check_same(path: Path, known: Plan, plan: Plan) -> None:
    """Refuse to mix what belongs to two inputs, two models or two versions of the program."""
    if known.program != plan.program:
        version = f"version {known.program}" if known.program else "an earlier version"
        other = f"by {version} of this program, which is {plan.program} now"
    elif (known.format, known.shard_questions) != (plan.format, plan.shard_questions):
        other = "of another version of this program"
    elif known.model_sha256 != plan.model_sha256:
        other = f"of another model (SHA-256 {known.model_sha256[:12]}…)"
    elif known.site != plan.site:
        other = f"of another site, {known.site}"
    elif [file.sha256 for file in known.files] != [file.sha256 for file in plan.files]:
        other = f"of other files ({', '.join(file.name for file in known.files)})"
    else:
        return
    raise BackfillRefused(f"The folder {path} holds a backfill {other}: name another folder.")
