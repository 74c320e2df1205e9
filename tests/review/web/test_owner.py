"""The owner's token."""

import errno
import os
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine

from core.database.engine import reading
from core.errors import SettingsError
from core.service.review_page import TOKEN_FILE
from core.settings import Settings
from review.web.access import find_session, reviewer_of_token, start_session
from review.web.owner import OWNER, keep_token, let_owner_in
from tests.conftest import ManualClock


def test_it_is_made_once_and_kept_where_its_user_alone_reads_it(
    sqlite_engine: Engine, clock: ManualClock, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path / "new")
    token = let_owner_in(sqlite_engine, settings, now=clock.now())
    file = tmp_path / "new" / TOKEN_FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == [TOKEN_FILE]
    with sqlite_engine.begin() as connection:
        assert reviewer_of_token(connection, token) == OWNER
        cookie = start_session(connection, OWNER, now=clock.now())
    assert let_owner_in(sqlite_engine, settings, now=clock.now()) == token
    with reading(sqlite_engine) as connection:  # a restart logs nobody out
        assert find_session(connection, cookie, now=clock.now())


def test_a_file_system_without_links_keeps_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr("os.link", refuse)
    token = keep_token(tmp_path / TOKEN_FILE)
    assert keep_token(tmp_path / TOKEN_FILE) == token
    assert [path.name for path in tmp_path.iterdir()] == [TOKEN_FILE]


def test_what_a_killed_start_left_stops_no_other(tmp_path: Path) -> None:
    (tmp_path / f".{TOKEN_FILE}.{os.getpid()}").touch()  # a container's numbers are always the same
    token = keep_token(tmp_path / TOKEN_FILE)
    assert keep_token(tmp_path / TOKEN_FILE) == token


def test_a_setting_says_another_one(
    sqlite_engine: Engine, clock: ManualClock, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path, review_token=SecretStr("a-token-of-somebody"))
    assert let_owner_in(sqlite_engine, settings, now=clock.now()) == "a-token-of-somebody"
    assert not (tmp_path / TOKEN_FILE).exists()


def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    token = keep_token(tmp_path / TOKEN_FILE)
    (tmp_path / TOKEN_FILE).chmod(0o644)
    assert keep_token(tmp_path / TOKEN_FILE) == token
    assert stat.S_IMODE((tmp_path / TOKEN_FILE).stat().st_mode) == 0o600


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="holds no token"):
        keep_token(tmp_path / "file")
    with pytest.raises(SettingsError, match="Set TAGGER_REVIEW_TOKEN"):
        keep_token(tmp_path / "file" / TOKEN_FILE)
