"""A database is opened where there is one; else it is said where it was looked for."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from core.database.engine import make_engine
from core.database.existing import open_existing
from core.database.migrate import upgrade
from core.errors import DatabaseMissing, DatabaseUnreachable


def test_one_that_is_there_is_opened(engine: Engine) -> None:
    open_existing(engine.url.render_as_string(hide_password=False)).dispose()


def test_one_that_is_not_there_is_told_with_where_it_was_looked_for(tmp_path: Path) -> None:
    file = tmp_path / "data" / "tagger.sqlite3"
    with pytest.raises(DatabaseMissing, match=f"no database at {file}. Set TAGGER_DATA_DIR"):
        open_existing(f"sqlite:///{file}")
    assert not file.parent.exists()


def test_a_file_of_nothing_stays_one(tmp_path: Path) -> None:
    file = tmp_path / "tagger.sqlite3"
    file.touch()
    with pytest.raises(DatabaseMissing, match=f"{file} is empty"):
        open_existing(f"sqlite:///{file}")
    assert [(one.name, one.stat().st_size) for one in tmp_path.iterdir()] == [(file.name, 0)]


def test_an_empty_one_is_told_as_such(database_url: str) -> None:
    made = make_engine(database_url)
    made.connect().close()
    made.dispose()
    with pytest.raises(DatabaseMissing, match="is empty"):
        open_existing(database_url)


@pytest.mark.parametrize("folder", ["data/demo", "data", "."])
def test_one_that_lies_near_by_is_named(tmp_path: Path, folder: str) -> None:
    made = make_engine(f"sqlite:///{tmp_path / folder / 'tagger.sqlite3'}")
    upgrade(made)
    made.dispose()
    looked = tmp_path / "other" / "tagger.sqlite3"
    with pytest.raises(DatabaseMissing, match=f"There is one in {(tmp_path / folder)}: set"):
        open_existing(f"sqlite:///{looked}")


def test_one_that_is_away_is_not_taken_for_none() -> None:
    with pytest.raises(DatabaseUnreachable):
        open_existing("postgresql+psycopg://127.0.0.1:1/none")
