from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, text
from sqlalchemy.exc import IntegrityError

from core.database.engine import database_errors, make_engine
from core.database.migrate import upgrade
from core.database.tables import Review
from core.errors import DatabaseUnreachable


def test_a_file_that_is_no_database_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "tagger.sqlite3"
    file.write_bytes(b"not a database at all" * 100)
    engine = make_engine(f"sqlite:///{file}")
    with pytest.raises(DatabaseUnreachable, match="TAGGER_DATABASE_URL"):
        upgrade(engine)
    engine.dispose()


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(DatabaseUnreachable, match="TAGGER_DATA_DIR"):
        make_engine(f"sqlite:///{tmp_path / 'data' / 'deeper' / 'tagger.sqlite3'}")


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_both_ends_of_a_connection_notice_a_host_that_lost_its_power(engine: Engine) -> None:
    asked = text("SELECT name FROM pg_settings WHERE name LIKE 'tcp_keep%' AND source = 'session'")
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        client = driver.info.get_parameters()
        assert set(connection.execute(asked).scalars()) == {
            *("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count")
        }
    seconds = [int(client[f"keepalives_{name}"]) for name in ("idle", "interval", "count")]
    assert seconds[0] + seconds[1] * seconds[2] == 60


def test_an_error_of_a_statement_is_not_taken_for_an_absent_database(engine: Engine) -> None:
    orphan = {"question_pk": 1, "reviewer": "Ann", "at": text("'2026-01-01'")}
    with (
        pytest.raises(IntegrityError),
        database_errors(engine),
        engine.begin() as connection,
    ):
        connection.execute(insert(Review).values(orphan))
