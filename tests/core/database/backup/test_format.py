import gzip
import io
import json
from collections.abc import Callable

import pytest

from core.database.backup import format as backup_format
from core.database.backup.format import BackupReader, BackupWriter, Header
from core.errors import BackupRefused

HEADER = Header("0019", "1.0", "2026-01-01T00:00:00+00:00", "sqlite", models=True)
ROWS = [[1, "é\n"], [2, None]]


def packed(rows: list[list[object]] = ROWS) -> bytes:  # type: ignore[assignment]
    file = io.BytesIO()
    writer = BackupWriter(file, HEADER)
    writer.write_table("notes", ["id", "text"], rows)
    writer.write_table("reviews", ["id"], [])
    writer.finish()
    return file.getvalue()


def read(data: bytes) -> dict[str, list[list[object]]]:
    reader = BackupReader(io.BytesIO(data), "old.gz")
    found = {table.name: list(table.rows) for table in reader.tables()}
    assert reader.summary().rows == {name: len(rows) for name, rows in found.items()}
    return found


def lines(data: bytes) -> list[bytes]:
    return gzip.decompress(data).splitlines(keepends=True)


def with_lines(change: Callable[[list[bytes]], object]) -> bytes:
    given = lines(packed())
    change(given)
    return gzip.compress(b"".join(given))


def test_what_is_written_is_read() -> None:
    assert read(packed()) == {"notes": ROWS, "reviews": []}
    assert BackupReader(io.BytesIO(packed()), "old.gz").header == HEADER


def test_rows_that_nobody_asks_for_are_read_all_the_same() -> None:
    reader = BackupReader(io.BytesIO(packed()), "old.gz")
    assert [table.name for table in reader.tables()] == ["notes", "reviews"]
    assert reader.summary().rows == {"notes": 2, "reviews": 0}


def test_the_file_is_json_lines_that_other_programs_read() -> None:
    assert json.loads(lines(packed())[2]) == [1, "é\n"]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "is no backup|its end is missing"),
        (b"PK\3\4 a zip", "is no backup"),
        (gzip.compress(b'{"a": 1}\n'), "is no backup"),
        (gzip.compress(b"[1]\n"), "a row stands where none should"),
        (packed()[:-9], "damaged"),
        (packed()[:40] + b"\0\0\0" + packed()[43:], "damaged"),
        (packed() + packed(), "something follows"),
        (with_lines(lambda given: given.pop(2)), "sums of its table notes"),
        (with_lines(lambda given: given.pop(1)), "a row stands|its last line"),
        (with_lines(lambda given: given.pop()), "its end is missing"),
        (with_lines(lambda given: given.pop(-2)), "row|line|sums"),
        (with_lines(lambda given: given.__setitem__(2, b'[1, "e"]\n')), "sums of its table"),
        (with_lines(lambda given: given.insert(2, b"[1]\n")), "has 1 values, not 2"),
        (with_lines(lambda given: given.insert(2, b"[1,\n")), "cannot be read"),
        (with_lines(lambda given: given.insert(2, b"[" * 100 + b"\n")), "brackets in each other"),
    ],
    # Not by the bytes: gzip's hold the time, and processes that share the tests compare names.
    ids=lambda given: given if isinstance(given, str) else "bytes",
)
def test_what_is_no_whole_backup_is_refused_in_one_line(data: bytes, told: str) -> None:
    with pytest.raises(BackupRefused, match=told) as refused:
        read(data)
    assert "\n" not in str(refused.value)
    assert "old.gz" in str(refused.value)


def test_a_format_of_a_newer_program_is_told_from_damage() -> None:
    newer = packed()
    data = gzip.compress(gzip.decompress(newer).replace(b'"format":1', b'"format":2'))
    with pytest.raises(BackupRefused, match="format 2, which this version"):
        read(data)


def test_a_line_that_never_ends_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup_format, "MOST_LINE", 10_000)
    with pytest.raises(BackupRefused, match="a line is too long"):
        read(with_lines(lambda given: given.insert(2, b'["' + b"a" * 20_000 + b'"]\n')))


def test_a_line_of_too_many_values_is_refused_before_it_is_parsed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(backup_format, "MOST_VALUES", 100)
    with pytest.raises(BackupRefused, match="more than 100 values"):
        read(with_lines(lambda given: given.insert(2, b"[" + b"[]," * 300 + b"1]\n")))
