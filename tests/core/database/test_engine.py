import os
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier, Event, Thread

import psycopg
import pytest
from sqlalchemy import Connection, Engine, QueuePool, func, insert, make_url, select, text
from sqlalchemy.exc import IntegrityError

from core.addresses import read_database_address
from core.database.bulk import insert_rows
from core.database.engine import (
    make_engine,
    reading,
    retry_while_database_is_away,
    writing_once,
)
from core.database.migrate import upgrade
from core.database.review_tables import BlockedTag, Review
from core.database.tables import Question
from core.errors import DatabaseUnreachable
from tests.conftest import ManualClock, free_port
from tests.rows import question, store_questions


def test_a_file_that_is_no_database_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "tagger.sqlite3"
    file.write_bytes(b"not a database at all" * 100)
    engine = make_engine(f"sqlite:///{file}")
    with pytest.raises(DatabaseUnreachable, match="TAGGER_DATABASE_URL"):
        upgrade(engine)
    engine.dispose()


def test_many_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    together = Barrier(8)

    def connect(engine: Engine) -> str:
        together.wait(60)
        with engine.begin() as connection:
            return str(connection.execute(text("PRAGMA journal_mode")).scalar_one())

    # Eight of each file, made by one thread: to make and forget them is not safe in SQLAlchemy.
    files = [tmp_path / f"{number // 8}.sqlite3" for number in range(240)]
    engines = [make_engine(f"sqlite:///{file}") for file in files]
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(connect, engines)) == {"wal"}
    for engine in engines:
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


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_postgres_is_spoken_to_in_utf_8_whatever_the_environment_says(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "latin1")
    engine = make_engine(database_url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT '日本'")).scalar() == "日本"
        assert connection.execute(text("SHOW client_encoding")).scalar() == "UTF8"
    engine.dispose()


@pytest.mark.parametrize("said_by", ["environment", "address"])
def test_options_of_another_encoding_cost_no_character(
    migrated_postgres_url: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, said_by: str
) -> None:
    options, address = "-c client_encoding=latin1", make_url(migrated_postgres_url)
    if said_by == "environment":
        monkeypatch.setenv("PGOPTIONS", options)
    else:
        address = address.update_query_dict({"options": options})
    engine = make_engine(read_database_address(address.render_as_string(False)))
    store_questions(engine, question(1, "Борщ", body="5 €, naïve: 日本"), now=clock.now())
    engine.dispose()
    monkeypatch.delenv("PGOPTIONS", raising=False)
    plain = make_engine(migrated_postgres_url)
    with plain.connect() as connection:
        found = connection.execute(select(Question.title, Question.body)).one()
    plain.dispose()
    assert tuple(found) == ("Борщ", "5 €, naïve: 日本")


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_what_an_address_of_postgres_says_of_its_connections_holds(database_url: str) -> None:
    said = {"application_name": "mine", "connect_timeout": "11", "keepalives_idle": "7"}
    engine = make_engine(make_url(database_url).update_query_dict(said).render_as_string(False))
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        client = driver.info.get_parameters()
        shown = connection.execute(text("SHOW application_name")).scalar()
    engine.dispose()
    assert said.items() <= client.items()
    assert client["keepalives_count"] == "3"
    assert shown == "mine"


@pytest.mark.parametrize(("said", "waits"), [("", 30_000), ("?timeout=2", 2_000)])
def test_how_long_a_writer_waits_stands_in_sqlite_s_address(
    tmp_path: Path, said: str, waits: int
) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'a.sqlite3'}{said}")
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA busy_timeout")).scalar() == waits
    engine.dispose()


def test_an_error_of_a_statement_is_not_taken_for_an_absent_database(engine: Engine) -> None:
    orphan = {"question_pk": 1, "reviewer": "Ann", "at": text("'2026-01-01'")}
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(insert(Review).values(orphan))


def test_a_refused_connection_is_one_line_without_the_password() -> None:
    engine = make_engine(f"postgresql+psycopg://ann:hush-hush@127.0.0.1:{free_port()}/tags")
    with pytest.raises(DatabaseUnreachable, match="TAGGER_DATABASE_URL") as raised:
        engine.connect()
    assert "hush-hush" not in str(raised.value)
    assert "\n" not in str(raised.value)
    assert isinstance(raised.value.__cause__, psycopg.OperationalError)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_lost_connection_is_one_line_and_the_next_one_is_new(engine: Engine) -> None:
    own_pid = text("SELECT pg_backend_pid()")
    with engine.connect() as connection:
        pid = connection.execute(own_pid).scalar_one()
        end(engine, pid)
        with pytest.raises(DatabaseUnreachable, match="cannot be used: terminating connection"):
            connection.execute(own_pid)
    with engine.connect() as connection:
        assert connection.execute(own_pid).scalar_one() != pid


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_connection_lost_while_it_lay_in_the_pool_is_replaced(engine: Engine) -> None:
    own_pid = text("SELECT pg_backend_pid()")
    with engine.connect() as other:
        other.execute(own_pid)
        with engine.connect() as connection:
            pid = connection.execute(own_pid).scalar_one()
        other.execute(text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": pid})
        with engine.connect() as connection:
            assert connection.execute(own_pid).scalar_one() != pid


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
@pytest.mark.parametrize("by_driver", [False, True])
def test_a_server_that_takes_no_writes_is_one_line_and_is_asked_by_a_new_connection(
    engine: Engine, by_driver: bool
) -> None:
    row = {"site": "stats", "tag": "ml", "reviewer": "Ann", "at": datetime(2026, 1, 1, tzinfo=UTC)}

    def write(connection: Connection) -> None:
        if by_driver:
            insert_rows(connection, BlockedTag, list(row), [tuple(row.values())])
        else:
            connection.execute(insert(BlockedTag).values(row))

    with engine.connect() as connection:
        connection.execute(text("SET default_transaction_read_only = on"))
        connection.commit()
        with pytest.raises(DatabaseUnreachable, match="read-only transaction") as raised:
            write(connection)
    assert "Let it take writes again" in (raised.value.advice or "")
    with engine.begin() as connection:
        write(connection)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_transaction_that_a_limit_of_the_server_ended_is_one_line(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 50"))
        time.sleep(0.3)
        with pytest.raises(DatabaseUnreachable, match="idle-in-transaction"):
            connection.execute(text("SELECT 1"))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT 1")).scalar() == 1


def end(engine: Engine, pid: int) -> None:
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": pid})


def test_a_file_that_another_writer_holds_too_long_is_one_line(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.database.engine.SQLITE_BUSY_MS", 1)
    engine, other = make_engine(sqlite_url), make_engine(sqlite_url)
    with other.begin():
        with pytest.raises(DatabaseUnreachable, match="cannot be used: database is locked"):
            engine.begin().__enter__()
        with reading(engine) as connection:
            assert connection.execute(text("SELECT 1")).scalar_one() == 1
    engine.dispose()
    other.dispose()


def test_what_finds_the_database_away_is_called_again_for_a_while(clock: ManualClock) -> None:
    began, failures = clock.now(), iter([True, True, False])

    def work() -> str:
        if next(failures):
            raise DatabaseUnreachable("away")
        return "done"

    assert retry_while_database_is_away(clock, 60)(work) == "done"
    assert clock.now() > began


def test_an_error_of_a_statement_is_not_tried_again(clock: ManualClock) -> None:
    def work() -> None:
        raise IntegrityError("INSERT", {}, Exception("duplicate"))

    with pytest.raises(IntegrityError):
        retry_while_database_is_away(clock, 60)(work)
    assert clock.now() == ManualClock().now()


def test_a_new_database_and_its_folder_are_their_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "data" / "tagger.sqlite3"
    engine = make_engine(f"sqlite:///{file}")
    upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("SELECT 1"))
        paths = [file.parent, *file.parent.iterdir()]
        rights = {path.name: path.stat().st_mode & 0o077 for path in paths}
    engine.dispose()
    assert {"data", file.name, f"{file.name}-wal"} <= rights.keys()
    assert set(rights.values()) == {0}


def test_the_rights_of_a_database_that_is_there_stay(tmp_path: Path) -> None:
    """Somebody may have given others the right to read it."""
    file = tmp_path / "tagger.sqlite3"
    file.touch(0o644)
    file.chmod(0o644)
    engine = make_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        connection.execute(text("SELECT 1"))
    engine.dispose()
    assert file.stat().st_mode & 0o777 == 0o644


def test_the_address_of_an_uri_makes_no_folder_named_like_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    engine = make_engine(f"sqlite:///file:{tmp_path / 'a.sqlite3'}?uri=true&mode=rwc")
    with engine.begin() as connection:
        connection.execute(text("SELECT 1"))
        assert {path.name[:9] for path in tmp_path.iterdir()} == {"a.sqlite3"}
    engine.dispose()


def test_who_writes_once_keeps_all_or_nothing_and_no_connection(
    engine: Engine, database_url: str
) -> None:
    with pytest.raises(IntegrityError), writing_once(database_url) as connection:
        connection.execute(insert(BlockedTag), [_blocked("t"), _blocked("t")])
    with writing_once(database_url) as connection:
        connection.execute(insert(BlockedTag), [_blocked("t")])  # nothing of it was kept
    with reading(engine) as other:
        assert other.scalar(select(func.count()).select_from(BlockedTag)) == 1
    pool = connection.engine.pool
    assert isinstance(pool, QueuePool)
    assert pool.checkedin() == 0


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_process_that_is_forked_while_another_thread_writes_can_write_too(
    migrated_sqlite_url: str,
) -> None:
    file = make_url(migrated_sqlite_url).database
    writes = Event()

    def write() -> None:
        with writing_once(migrated_sqlite_url) as connection:
            connection.execute(insert(BlockedTag), [_blocked("parent's")])
            writes.set()
            time.sleep(0.2)

    thread = Thread(target=write)
    thread.start()
    writes.wait(10)
    child = os.fork()
    if child == 0:
        try:
            with sqlite3.connect(str(file), timeout=30) as connection:
                connection.execute("DELETE FROM blocked_tags")
        except sqlite3.Error:
            os._exit(1)
        os._exit(0)
    thread.join()
    assert os.waitpid(child, 0)[1] == 0


def _blocked(tag: str) -> dict[str, object]:
    return {"site": "s", "tag": tag, "reviewer": "ann", "at": datetime.now(UTC)}
