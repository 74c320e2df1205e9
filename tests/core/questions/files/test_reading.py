"""Files of every format as a whole: all of Stack Overflow must go through these readers."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.errors import ImportFailed
from core.questions.files import BrokenRow, load_questions, open_all, read_questions
from core.questions.store import FetchedQuestion
from tests.json_rows import GOOD, write

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


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads Linux's own figures")
@pytest.mark.parametrize("rows", [xml, questions_csv, json_lines])
def test_a_file_eight_times_as_large_takes_no_more_memory(
    tmp_path: Path, rows: Callable[[int], Iterator[str]]
) -> None:
    peaks = []
    for count in (2_500, 20_000):
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
    assert peaks[1] - peaks[0] < 3, peaks  # MiB; the files have 4 and 35


def test_loading_keeps_the_last_of_each_id_in_the_order_of_time(tmp_path: Path) -> None:
    path = write(
        tmp_path / "q.jsonl",
        {**GOOD, "question_id": 1, "creation_date": 1_600_000_000},
        {**GOOD, "question_id": 9, "creation_date": 1_500_000_000},
        {**GOOD, "question_id": 2, "title": "old"},
        {**GOOD, "question_id": 2, "title": "new"},
        {**GOOD, "tags": []},
    )
    broken: list[BrokenRow] = []
    loaded = load_questions(path, on_broken=broken.append)
    assert [(q.question_id, q.title) for q in loaded] == [
        (2, "new"),  # without a date
        (9, GOOD["title"]),
        (1, GOOD["title"]),
    ]
    assert [row.line for row in broken] == [5]


@pytest.mark.parametrize("number", [1_000_000_001, 1_000_000_010])
def test_the_dumps_made_up_posts_are_reported_and_left_out(tmp_path: Path, number: int) -> None:
    path = write(tmp_path / "q.jsonl", GOOD, {**GOOD, "question_id": number})
    kept, left_out = read_questions(path)
    assert isinstance(kept, FetchedQuestion)
    assert isinstance(left_out, BrokenRow)
    assert left_out.reason.startswith(f"question_id: {number} is a made-up post")


def test_loading_a_file_without_any_good_row_fails_with_the_first_reason(tmp_path: Path) -> None:
    path = write(tmp_path / "q.jsonl", {**GOOD, "tags": []})
    with pytest.raises(ImportFailed, match=r"no question that can be used: .*q\.jsonl:1: tags"):
        load_questions(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match="No such file"):
        read_questions(tmp_path / "none.jsonl")


def test_reading_tells_how_far_it_has_come(tmp_path: Path) -> None:
    path = tmp_path / "Posts.xml"
    path.write_text("".join(xml(300)))
    positions: list[int] = []
    list(read_questions(path, site="stats", on_position=positions.append))
    assert positions == sorted(positions)
    assert positions[-1] == path.stat().st_size
    assert len(set(positions)) > 3


def test_dumps_of_several_sites_are_not_mixed_up(tmp_path: Path) -> None:
    paths = [tmp_path / f"{site}.stackexchange.com" / "Posts.xml" for site in ("dogs", "cooking")]
    for path in paths:
        path.parent.mkdir()
        path.write_text("".join(xml(1)))
    rows = [row for _, of_file in open_all(paths) for row in of_file]
    assert [row.site for row in rows if not isinstance(row, BrokenRow)] == ["dogs", "cooking"]
    assert len(list(read_questions(paths[0], site="dogs"))) == 1
    with pytest.raises(
        ImportFailed, match="is the dump of cooking by its folder's name, not of dogs"
    ):
        open_all(paths, site="dogs")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("q.json", "[" + "[]," * 500, "100 brackets without a question"),
        ("q.jsonl", '{"question_id": 1}' + "\n" * 500, "100 blank lines"),
        ("Questions.csv", "Id,Title,Body,Tags" + "\n" * 500, "100 lines without a row"),
        ("Questions.csv", 'Id,Title,Body,Tags\n1,"a"b' + "\nx" * 500, "100 lines without a row"),
        ("q.jsonl", '{"a": 1}\n' * 500, "100 rows behind each other cannot be used; the last: "),
        ("Posts.xml", "<posts>" + "<!-- a -->b" * 500, "100 rows behind each other cannot be"),
    ],
)
def test_a_file_of_nothing_is_not_read_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: str, told: str
) -> None:
    """A hundred megabytes of it are some kilobytes, packed, and took minutes."""
    for module in ("json_documents", "json_lines", "kaggle", "reading"):
        monkeypatch.setattr(f"core.questions.files.{module}.MOST_IDLE", 100)
    (tmp_path / name).write_text(content)
    rows: list[object] = []
    try:
        rows.extend(read_questions(tmp_path / name, site="stats"))
    except ImportFailed as error:
        rows.append(error)
    assert told in str(rows[-1])
