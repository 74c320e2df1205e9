import json
from pathlib import Path

import pytest
from sqlalchemy import Engine

from core.errors import ImportFailed
from tests.conftest import ManualClock
from tests.rows import question, store_questions
from trainer.compare.sources import file_source, site_source


def write(path: Path, *sites: str | None) -> Path:
    rows = [
        {"site": site, "question_id": number, "title": "t", "body": "b", "tags": [f"tag{number}"]}
        for number, site in enumerate(sites, 1)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_files_questions_come_as_often_as_they_are_asked_for(tmp_path: Path) -> None:
    source = file_source(write(tmp_path / "q.jsonl", "fruit", "fruit"), None)
    assert source.site == "fruit"
    for _ in range(2):
        assert [one.tags for one in source.questions()] == [("tag1",), ("tag2",)]


def test_a_file_that_names_no_site_is_of_the_default_one(tmp_path: Path) -> None:
    path = write(tmp_path / "q.jsonl", None)
    assert file_source(path, default_site="fruit").site == "fruit"
    assert file_source(path, "stats", default_site="fruit").site == "stats"


def test_a_file_of_several_sites_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match="questions of several sites: fruit, stats"):
        file_source(write(tmp_path / "q.jsonl", "stats", "fruit"), None)


def test_a_sites_questions_are_read_anew_each_time(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    source = site_source(sqlite_engine, "stats")
    assert list(source.questions()) == []
    store_questions(sqlite_engine, question(1), question(2), now=clock.now())
    store_questions(sqlite_engine, question(3, site="cooking"), now=clock.now())
    assert [one.question_id for one in source.questions()] == [1, 2]
