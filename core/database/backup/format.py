"""The file of a backup: lines of JSON, gzipped, so that other programs can read it too.

    {"backup": "question-tagger", "format": 1, "revision": "0019", …}
    {"table": "questions", "columns": ["id", "site", …]}
    [1, "stats", …]
    {"end": "questions", "rows": 1, "sha256": "…"}
    {"end": "backup", "tables": 31}

Both ends hold one line at a time. A file is a stranger's until its last line is read: no line is
longer than MOST_LINE, none becomes more than MOST_VALUES, and the sums of each table must be right.
"""

import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, BinaryIO, Final, TypeGuard

from core.errors import BackupRefused
from core.untrusted import load_json, one_line

KIND: Final = "question-tagger"
FORMAT: Final = 1
MOST_LINE: Final = 64 << 20  # bytes; a part of a model takes 1.4 MB, the longest question 3
MOST_VALUES: Final = 1_000_000  # of one line
LEVEL: Final = 4  # of compression; 6 takes twice the time for 4% less


@dataclass(frozen=True, slots=True)
class Header:
    """What a backup says of itself.

    Attributes:
        revision: of the tables.
        program: the version that wrote it.
        made_at: as of when it is, in ISO's form, UTC.
        database: the kind that it was taken of: sqlite or postgresql.
        models: whether the models themselves are in it.
    """

    revision: str
    program: str
    made_at: str
    database: str
    models: bool


@dataclass(frozen=True, slots=True)
class Summary:
    """What a backup holds: its header, and the number of rows by table."""

    header: Header
    rows: dict[str, int]

    def __str__(self) -> str:
        return f"{sum(self.rows.values()):,} rows of {len(self.rows)} tables"


class BackupWriter:
    """Writes a backup.

        writer = BackupWriter(file, header)
        writer.write_table("questions", ["id", "site"], [(1, "stats")])
        writer.finish()

    Args:
        file: open for bytes; stays open.
        header: its first line.
    """

    def __init__(self, file: BinaryIO, header: Header) -> None:
        self._packed = gzip.GzipFile(fileobj=file, mode="wb", compresslevel=LEVEL, mtime=0)
        self._header = header
        self._rows: dict[str, int] = {}
        self._put({"backup": KIND, "format": FORMAT, **asdict(header)})

    def write_table(self, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Write one table; the values are what JSON knows."""
        self._put({"table": name, "columns": list(columns)})
        count, digest = 0, hashlib.sha256()
        for row in rows:
            digest.update(self._put(row))
            count += 1
        self._put({"end": name, "rows": count, "sha256": digest.hexdigest()})
        self._rows[name] = count

    def finish(self) -> Summary:
        """Write the last line; a backup without it is none."""
        self._put({"end": "backup", "tables": len(self._rows)})
        self._packed.close()
        return Summary(self._header, self._rows)

    def _put(self, value: object) -> bytes:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        line = text.encode("utf-8", "surrogatepass") + b"\n"
        self._packed.write(line)
        return line


@dataclass(slots=True)
class TableOfBackup:
    """One table of a backup that is being read: its rows can be had once."""

    name: str
    columns: list[str]
    rows: Iterator[list[Any]]


class BackupReader:
    """Reads a backup, from its beginning to its end, once.

        reader = BackupReader(file, "old.backup.gz")
        for table in reader.tables():
            for row in table.rows: ...

    Args:
        file: open for bytes; a pipe will do.
        name: how errors call it.

    Raises:
        BackupRefused: from whatever is read of it: it is no backup, damaged, or of another format.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._packed = io.BufferedReader(gzip.GzipFile(fileobj=file, mode="rb"), 1 << 20)
        self._name = name
        self._counts: dict[str, int] = {}
        self.header = self._read_header()

    def tables(self) -> Iterator[TableOfBackup]:
        """The tables, one after the other; rows that were not asked for are read all the same."""
        while "table" in (mark := self._mark(self._line())):
            name, columns = mark["table"], mark.get("columns")
            if not isinstance(name, str) or not _are_names(columns) or name in self._counts:
                raise self._damaged("a table is described wrongly")
            table = TableOfBackup(name, columns, self._rows(name, len(columns)))
            yield table
            for _ in table.rows:
                pass
        if mark != {"end": "backup", "tables": len(self._counts)}:
            raise self._damaged("it ends without its last line")
        if self._read(1):
            raise self._damaged("something follows its last line")

    def summary(self) -> Summary:
        """What was read; of the whole file once tables() has come to its end."""
        return Summary(self.header, dict(self._counts))

    def _rows(self, name: str, width: int) -> Iterator[list[Any]]:
        count, digest = 0, hashlib.sha256()
        while (line := self._line()).startswith(b"["):
            digest.update(line)
            count += 1
            row = self._parse(line)
            if len(row) != width:
                raise self._damaged(f"row {count:,} of {name} has {len(row)} values, not {width}")
            yield row
        end = {"end": name, "rows": count, "sha256": digest.hexdigest()}
        if self._mark(line) != end:
            raise self._damaged(f"the sums of its table {one_line(name)[:60]} are wrong")
        self._counts[name] = count

    def _read_header(self) -> Header:
        first = self._mark(self._line())
        if first.pop("backup", None) != KIND:
            raise BackupRefused(f"{self._name} is no backup of this program.")
        version = first.pop("format", None)
        if version != FORMAT:
            raise BackupRefused(
                f"The backup {self._name} has format {str(version)[:20]}, which this version of "
                f"the program does not know (its own is {FORMAT}). Use the version that wrote it."
            )
        kinds = {field.name: bool if field.name == "models" else str for field in fields(Header)}
        if first.keys() != kinds.keys() or any(
            type(first[name]) is not kind for name, kind in kinds.items()
        ):
            raise self._damaged("its first line is not what it should be")
        return Header(**first)

    def _mark(self, line: bytes) -> dict[str, Any]:
        mark = self._parse(line)
        if not isinstance(mark, dict):
            raise self._damaged("a row stands where none should")
        return mark

    def _parse(self, line: bytes) -> Any:
        try:
            return load_json(line, values=MOST_VALUES)
        except ValueError as error:
            raise self._damaged(f"a line cannot be read: {error}") from None

    def _line(self) -> bytes:
        line = self._read(MOST_LINE + 1, line=True)
        if not line.endswith(b"\n"):
            long = len(line) > MOST_LINE
            raise self._damaged("a line is too long" if long else "its end is missing")
        return line

    def _read(self, size: int, *, line: bool = False) -> bytes:
        try:
            return self._packed.readline(size) if line else self._packed.read(size)
        except gzip.BadGzipFile as error:
            if self._packed.tell() == 0:
                raise BackupRefused(f"{self._name} is no backup of this program.") from None
            raise self._damaged(str(error)) from None
        except (EOFError, zlib.error) as error:
            raise self._damaged(str(error)) from None

    def _damaged(self, reason: str) -> BackupRefused:
        told = one_line(reason)[:200]
        return BackupRefused(f"The backup {self._name} is damaged: {told}. Take another one.")


def _are_names(columns: object) -> TypeGuard[list[str]]:
    return isinstance(columns, list) and all(isinstance(name, str) for name in columns)
