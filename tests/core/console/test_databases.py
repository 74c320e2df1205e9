"""Commands that only read make no database, in whatever folder they are called."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from core.console import open_database, open_existing_database
from core.errors import DatabaseMissing
from core.settings import Settings


def test_what_one_command_has_made_another_opens(sqlite_url: str) -> None:
    settings = Settings(database_url=SecretStr(sqlite_url))
    open_database(settings).dispose()
    open_existing_database(settings).dispose()


def test_to_read_where_there_is_none_makes_none(tmp_path: Path) -> None:
    with pytest.raises(DatabaseMissing, match=r"no database at .*/data/tagger.sqlite3"):
        open_existing_database(Settings())
    assert list(tmp_path.iterdir()) == []
