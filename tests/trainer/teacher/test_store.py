"""Sentence vectors are kept by their text's hash."""

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from trainer.teacher.store import VectorStore

VECTORS = np.array([[1, 2], [3, 4]], np.float16)


def test_vectors_are_there_when_the_file_is_opened_again(tmp_path: Path) -> None:
    notes: list[str] = []
    with VectorStore(tmp_path / "teacher/a.sqlite3", 2, notes.append) as store:
        store.add(["one", "two"], VECTORS)
    with VectorStore(tmp_path / "teacher/a.sqlite3", 2, notes.append) as store:
        assert store.holds("two")
        assert not store.holds("three")
        assert store.load(["two", "one", "two"]).tolist() == [[3, 4], [1, 2], [3, 4]]
    assert notes == []


def test_a_damaged_file_is_made_anew_and_told(tmp_path: Path) -> None:
    notes: list[str] = []
    (tmp_path / "a.sqlite3").write_bytes(b"no database at all, and long enough" * 100)
    with VectorStore(tmp_path / "a.sqlite3", 2, notes.append) as store:
        store.add(["one"], VECTORS[:1])
    with VectorStore(tmp_path / "a.sqlite3", 2, notes.append) as store:
        assert store.holds("one")
    assert len(notes) == 1
    assert "is damaged" in notes[0]


@pytest.mark.parametrize("what", ["pages", "columns"])
def test_damage_behind_the_beginning_is_found_when_the_file_is_opened(
    what: str, tmp_path: Path
) -> None:
    notes: list[str] = []
    file = tmp_path / "a.sqlite3"
    many = [f"text {number}" for number in range(500)]
    with VectorStore(file, 200, notes.append) as store:
        store.add(many, np.ones((500, 200), np.float16))
    if what == "pages":
        written = file.read_bytes()
        file.write_bytes(written[:8192] + b"\xff" * (len(written) - 8192))
    else:
        with closing(sqlite3.connect(file)) as database, database:
            database.execute("alter table vectors rename column hash to other")
    with VectorStore(file, 200, notes.append) as store:
        assert not store.holds(many[0])
        store.add(many[:1], np.ones((1, 200), np.float16))
        assert store.holds(many[0])
    (note,) = notes
    assert "is damaged" in note


def test_where_nothing_can_be_written_memory_serves_and_that_is_told_once(tmp_path: Path) -> None:
    notes: list[str] = []
    (tmp_path / "file").touch()
    with VectorStore(tmp_path / "file/a.sqlite3", 2, notes.append) as store:
        store.add(["one"], VECTORS[:1])
        store.add(["two"], VECTORS[1:])
        assert store.load(["one", "two"]).tolist() == VECTORS.tolist()
    assert len(notes) == 1
    assert "cannot be written" in notes[0]


def test_a_disk_that_fills_up_loses_no_vector_of_this_training(tmp_path: Path) -> None:
    notes: list[str] = []
    with VectorStore(tmp_path / "a.sqlite3", 2, notes.append) as store:
        store.add(["one"], VECTORS[:1])
        store._database.execute("pragma query_only = true")
        store.add(["two"], VECTORS[1:])
        store.add(["three"], VECTORS[1:])
        assert store.load(["one", "two", "three"]).tolist() == [[1, 2], [3, 4], [3, 4]]
    assert len(notes) == 1


def test_vectors_of_another_size_are_as_good_as_none(tmp_path: Path) -> None:
    with VectorStore(tmp_path / "a.sqlite3", 2, print) as store:
        store.add(["one"], VECTORS[:1])
    with VectorStore(tmp_path / "a.sqlite3", 3, print) as store:
        assert not store.holds("one")
