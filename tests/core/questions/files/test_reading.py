"""Memory must not grow with the file: the whole of Stack Overflow goes through these readers."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads Linux's own figures"),
]

# VmHWM is the process's own peak; ru_maxrss would begin with that of the process that forked it.
READ = """
import re, sys
from pathlib import Path
from core.questions.files import BrokenRow, read_questions
count = 0
for row in read_questions(Path(sys.argv[1]), site="stats"):
    assert not isinstance(row, BrokenRow), row
    count += 1
print(count, re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1])
"""

BODY = "<p>Some words, a line feed\n and a comma.</p>" * 40


def xml(count: int) -> Iterator[str]:
    body = BODY.replace("<", "&lt;").replace("\n", "&#xA;")
    yield "<posts>\n"
    for i in range(count):
        yield f'<row Id="{i + 1}" PostTypeId="1" Title="T{i}" Body="{body}" Tags="|r|" />\n'
    yield "</posts>"


def questions_csv(count: int) -> Iterator[str]:
    yield "Id,OwnerUserId,CreationDate,Score,Title,Body\n"
    for i in range(count):
        yield f'{i + 1},NA,2010-07-19T19:14:44Z,1,T{i},"{BODY}"\n'


def json_lines(count: int) -> Iterator[str]:
    for i in range(count):
        yield json.dumps({"question_id": i + 1, "title": f"T{i}", "body": BODY, "tags": ["r"]})
        yield "\n"


@pytest.mark.parametrize("rows", [xml, questions_csv, json_lines])
def test_a_file_eight_times_as_large_takes_no_more_memory(
    tmp_path: Path, rows: Callable[[int], Iterator[str]]
) -> None:
    peaks = []
    for count in (5_000, 40_000):
        path = tmp_path / "file"
        with path.open("w") as file:
            file.writelines(rows(count))
        with (tmp_path / "Tags.csv").open("w") as file:
            file.writelines(["Id,Tag\n", *(f"{i + 1},r\n" for i in range(count))])
        read = subprocess.run(
            [sys.executable, "-c", READ, str(path)],
            cwd=Path(__file__).parents[4],
            check=True,
            capture_output=True,
            text=True,
        )
        read_count, peak_kib = map(int, read.stdout.split())
        assert read_count == count
        peaks.append(peak_kib / 1024)
    assert peaks[1] - peaks[0] < 3, peaks  # MiB; the files have 9 and 70
