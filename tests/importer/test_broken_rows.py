"""The rows of an import that cannot be used are told, and keep no other row out."""

import csv
from pathlib import Path

import pytest
from typer.testing import Result

from tests.importer.commands import counts, line, run, stored, write

pytestmark = pytest.mark.usefixtures("the_settings_database")


def test_broken_rows_are_told_with_their_lines_and_the_rest_is_imported(
    tmp_path: Path, database_url: str
) -> None:
    broken = [line(i, tags=[]) for i in range(2, 14)]
    errors = tmp_path / "errors.csv"
    path = write(tmp_path / "q.jsonl", line(1), *broken, line(99))
    result = run(path, "--site", "stats")
    assert result.exit_code == 0
    assert counts(result) == [[14, 2, 0, 0, 12]]
    assert f"{path}:2: tags: empty" in result.stderr
    assert f"{path}:11: tags: empty" in result.stderr
    assert f"{path}:12:" not in result.stderr
    assert "Broken rows beside these: 2;" in result.stderr
    assert [q.question_id for q in stored(database_url)] == [1, 99]
    run(path, "--errors", errors)
    with errors.open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["file", "line", "reason"]
    assert [row[1] for row in rows[1:]] == [str(n) for n in range(2, 14)]


def told_of_broken_rows(result: Result) -> str:
    assert result.exit_code == 1
    (told,) = [one for one in result.stderr.splitlines() if "roken rows" in one]
    return told


def test_a_full_disk_takes_no_broken_rows_and_all_others_are_imported(
    tmp_path: Path, database_url: str
) -> None:
    broken = [line(i, tags=[]) for i in range(2, 400)]  # more than waits in memory for the disk
    path = write(tmp_path / "q.jsonl", line(1), *broken, line(999))
    told = told_of_broken_rows(run(path, "--errors", "/dev/full"))
    assert told.endswith("Make room for them, or name another file with --errors.")
    assert [q.question_id for q in stored(database_url)] == [1, 999]


def test_a_file_for_broken_rows_that_cannot_be_made_is_told_at_once(tmp_path: Path) -> None:
    result = run(write(tmp_path / "q.jsonl", line(1)), "--errors", tmp_path / "none/errors.csv")
    assert "cannot be written to" in told_of_broken_rows(result)
    assert not result.stdout


def test_a_file_that_holds_something_else_is_not_written_over(tmp_path: Path) -> None:
    path = write(tmp_path / "q.jsonl", line(1), line(2, tags=[]))
    before = path.read_bytes()
    told = told_of_broken_rows(run(path, "--site", "stats", "--errors", path))
    assert told.endswith("is no list of broken rows: name another file with --errors.")
    assert path.read_bytes() == before
