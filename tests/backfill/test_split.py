import gzip
import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backfill.shards import unpack_questions
from backfill.split import find_inputs, identify
from core.errors import ImportFailed
from tests.backfill.made_up import new_folder, split_files, write_questions, write_tables

POSTS = """<?xml version="1.0" encoding="utf-8"?>
<posts>
  <row Id="1" PostTypeId="1" Title="One" Body="&lt;p&gt;1&lt;/p&gt;" Tags="&lt;anova&gt;" />
  <row Id="2" PostTypeId="2" ParentId="1" Body="&lt;p&gt;An answer&lt;/p&gt;" />
</posts>
"""


def test_questions_are_cut_into_shards_in_their_order(tmp_path: Path) -> None:
    folder = new_folder(tmp_path / "out")
    done = split_files(folder, write_questions(tmp_path / "a.jsonl", range(1, 6)))
    assert (done.shards, done.questions, done.broken, done.repeated) == (3, 5, 0, 0)
    assert done.newest == datetime.fromtimestamp(1_500_000_000 + 5 * 86_400, UTC)
    shards = [unpack_questions(folder.question_shard(n).read_bytes()) for n in range(3)]
    assert [[one.question_id for one in shard] for shard in shards] == [[1, 2], [3, 4], [5]]
    assert folder.find_split() == done


def test_every_format_of_an_import_is_read(tmp_path: Path) -> None:
    (tmp_path / "Posts.xml").write_text(POSTS)
    files = [tmp_path / "Posts.xml", *write_tables(tmp_path)]
    folder = new_folder(tmp_path / "out")
    split_files(folder, *files, write_questions(tmp_path / "a.jsonl", [3]), size=10)
    shard = unpack_questions(folder.question_shard(0).read_bytes())
    assert [one.title for one in shard] == ["One", "Two", "About regression, 3"]
    assert shard[1].author_tags == ("bayesian",)


def test_shards_that_are_there_are_not_written_again(tmp_path: Path) -> None:
    folder = new_folder(tmp_path / "out")
    file = write_questions(tmp_path / "a.jsonl", range(1, 6))
    done = split_files(folder, file)
    folder.question_shard(0).write_bytes(b"as it was")
    folder.question_shard(1).unlink()
    assert split_files(folder, file) == done
    assert folder.question_shard(0).read_bytes() == b"as it was"
    assert len(unpack_questions(folder.question_shard(1).read_bytes())) == 2


def test_a_repeated_question_counts_once_and_broken_rows_are_kept(tmp_path: Path) -> None:
    file = write_questions(tmp_path / "a.jsonl", [1, 2, 1])
    file.write_text(f"{file.read_text()}no JSON\n")
    folder = new_folder(tmp_path / "out")
    done = split_files(folder, file, write_questions(tmp_path / "b.jsonl", [2, 3]))
    assert (done.questions, done.repeated, done.broken) == (3, 2, 1)
    assert "a.jsonl,4,not JSON" in folder.broken_rows.read_text()


def test_of_a_file_that_ends_too_early_the_beginning_counts_and_the_end_is_told(
    tmp_path: Path,
) -> None:
    whole = gzip.compress(write_questions(tmp_path / "a.jsonl", range(1, 1000)).read_bytes())
    (tmp_path / "a.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    folder = new_folder(tmp_path / "out")
    done = split_files(folder, tmp_path / "a.jsonl.gz", size=1000)
    assert (done.shards, done.broken) == (1, 1)
    assert "a.jsonl.gz" in folder.broken_rows.read_text()


def test_files_without_a_question_are_refused_with_the_first_reason(tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_text("{}\n")
    with pytest.raises(ImportFailed, match=r"no question that can be used: .*b\.jsonl:1: "):
        split_files(new_folder(tmp_path / "out"), tmp_path / "b.jsonl")


def test_a_file_is_told_by_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"x" * 3_000_000)
    positions: list[int] = []
    found = identify(path, lambda _path, position: positions.append(position))
    assert found.name == "large"
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert positions[-1] == 3_000_000
    with pytest.raises(ImportFailed, match="gone cannot be read: No such file"):
        identify(tmp_path / "gone")


def test_the_tags_beside_a_table_of_questions_are_an_input_too(tmp_path: Path) -> None:
    tables = write_tables(tmp_path)
    file = write_questions(tmp_path / "a.jsonl", [3])
    assert find_inputs([tables[0], file]) == (tables[0], file, tables[1])
    assert find_inputs([tables[1], tables[0]]) == (tables[1], tables[0])


def test_what_cannot_be_read_twice_is_refused_unopened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ImportFailed, match="pipe is a pipe"):
        find_inputs([tmp_path / "pipe"])
    with pytest.raises(ImportFailed, match="standard input is a pipe"):
        find_inputs([Path("-")])
