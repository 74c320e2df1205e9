import gzip
import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, insert, select, text

from core.database.backup import restoring
from core.database.backup.columns import to_json
from core.database.backup.format import BackupWriter, Header
from core.database.backup.restoring import restore_backup
from core.database.backup.scope import own_tables, tables_to_keep
from core.database.backup.tables import Backup
from core.database.backup.writing import write_backup
from core.database.engine import make_engine, reading
from core.database.known_tags import count_uses
from core.database.migrate import current_revision, revisions, upgrade
from core.database.tables import LikelyTag, Question
from core.errors import BackupRefused, SchemaOutdated
from core.model import registry
from tests.conftest import ManualClock
from tests.core.database.upgrades.filled_tables import fill_empty_tables
from tests.database_of_before import fill_with_database_of_before
from tests.models import word_bundle
from tests.processes import is_waited_for, wait_until
from tests.rows import give_signs, live_models, predictions, publish_live, question, store_questions
from worker.tagging import tag_batch

Open = Callable[[str], Engine]


@pytest.fixture
def open_engine(request: pytest.FixtureRequest) -> Iterator[Open]:
    """Opens a migrated database of a kind; each kind is one database for the whole test."""
    engines = []

    def open_one(kind: str) -> Engine:
        engines.append(make_engine(request.getfixturevalue(f"migrated_{kind}_url")))
        return engines[-1]

    yield open_one
    for engine in engines:
        engine.dispose()


def backup_of(engine: Engine, clock: ManualClock, *, models: bool = True) -> io.BytesIO:
    file = io.BytesIO()
    write_backup(engine, file, now=clock.now(), models=models)
    file.seek(0)
    return file


def rows_of(engine: Engine) -> dict[str, list[str]]:
    """All that a backup holds, in an order of its own."""
    found = {}
    with reading(engine) as connection:
        for table in tables_to_keep(connection):
            convert = to_json(table, engine.dialect.name)
            names = list(table.columns)
            order = sorted(range(len(names)), key=names.__getitem__)
            rows = connection.exec_driver_sql(f"SELECT {', '.join(names)} FROM {table.name}")
            found[table.name] = sorted(repr([_told(convert(r)[i]) for i in order]) for r in rows)
    return found


def _told(value: Any) -> Any:
    return sorted(value.items()) if isinstance(value, dict) else value


def made_by_triggers(engine: Engine) -> tuple[int, dict[str, int]]:
    """What triggers make of the rows that a backup holds."""
    with reading(engine) as connection:
        likely = connection.scalar(select(func.count()).select_from(LikelyTag)) or 0
        return likely, count_uses(connection, "stats")


@pytest.mark.parametrize("source", ["sqlite", "postgres"])
@pytest.mark.parametrize("target", ["sqlite", "postgres"])
def test_every_row_comes_back_in_either_kind_of_database(
    open_engine: Open, clock: ManualClock, source: str, target: str
) -> None:
    origin = open_engine(source)
    with origin.begin() as connection:
        fill_empty_tables(connection)
    expected, made_before = rows_of(origin), made_by_triggers(origin)
    assert all(made_before)
    backup = backup_of(origin, clock)
    copy = open_engine(target)
    restored = restore_backup(copy, backup, "it", now=clock.now(), replace=source == target)
    assert rows_of(copy) == expected
    assert {name: len(rows) for name, rows in expected.items()} == restored.rows
    assert made_by_triggers(copy) == made_before
    store_questions(copy, question(77), now=clock.now())  # under a number that is free


@pytest.mark.postgres
def test_postgres_takes_the_rows_of_a_table_in_streams(
    open_engine: Open, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin, copy = open_engine("sqlite"), open_engine("postgres")
    store_questions(origin, *map(question, range(1, 8)), now=clock.now())
    monkeypatch.setattr(restoring, "STREAM", 3)
    restore_backup(copy, backup_of(origin, clock), "it", now=clock.now())
    assert rows_of(copy) == rows_of(origin)
    assert made_by_triggers(copy) == made_by_triggers(origin)


def test_what_is_restored_goes_on_tagging_with_its_model(
    open_engine: Open, clock: ManualClock
) -> None:
    origin, copy = open_engine("sqlite"), open_engine("postgres")
    publish_live(origin, word_bundle(), now=clock.now())
    stored = store_questions(origin, question(1, "ANOVA"), now=clock.now())
    restore_backup(copy, backup_of(origin, clock), "it", now=clock.now())
    assert tag_batch(copy, live_models(copy), "stats", stored.requested, clock).tagged == 1
    assert predictions(copy) == [(1, 1)]


def test_without_models_the_versions_count_as_pruned(engine: Engine, clock: ManualClock) -> None:
    publish_live(engine, word_bundle(), now=clock.now())
    backup = backup_of(engine, clock, models=False)
    restore_backup(engine, backup, "it", now=clock.now(), replace=True)
    with reading(engine) as connection:
        assert registry.find_live(connection, "stats") is None
        (version,) = registry.list_versions(connection, "stats")
    assert version.pruned_at == clock.now()


def test_a_backup_of_an_earlier_program_is_migrated(
    database_url: str, tmp_path: Path, clock: ManualClock
) -> None:
    engine = make_engine(database_url)
    fill_with_database_of_before(engine, tmp_path)
    backup = backup_of(engine, clock)
    upgrade(engine)
    expected = rows_of(engine)
    restore_backup(engine, backup, "it", now=clock.now(), replace=True)
    assert rows_of(engine) == expected
    with reading(engine) as connection:
        assert current_revision(connection) == revisions()[-1]
    engine.dispose()


def test_an_empty_database_needs_no_tables(database_url: str, clock: ManualClock) -> None:
    engine = make_engine(database_url)
    file = io.BytesIO()
    writer = BackupWriter(file, Header(revisions()[-1], "1", "", "sqlite", models=True))
    writer.finish()
    file.seek(0)
    restore_backup(engine, file, "it", now=clock.now())
    with reading(engine) as connection:
        assert current_revision(connection) == revisions()[-1]
    engine.dispose()


def test_a_database_that_holds_something_is_left_alone(engine: Engine, clock: ManualClock) -> None:
    store_questions(engine, question(1), now=clock.now())
    before = rows_of(engine)
    with pytest.raises(BackupRefused, match=r"holds rows already \(questions.*--replace"):
        restore_backup(engine, backup_of(engine, clock), "it", now=clock.now())
    assert rows_of(engine) == before


def test_what_a_service_has_noted_by_itself_is_nothing_to_lose(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    backup = backup_of(sqlite_engine, clock)
    with sqlite_engine.begin() as connection:
        noted = {"at": clock.now(), "folder": "/backups", "error": "full"}
        connection.execute(insert(Backup).values(noted))
    give_signs(sqlite_engine, {"scheduler@a": 5}, now=clock.now())
    restore_backup(sqlite_engine, backup, "it", now=clock.now())


def changed(backup: io.BytesIO, old: bytes, new: bytes) -> io.BytesIO:
    """The backup with another text in a row, and the sums of before."""
    data = gzip.decompress(backup.getvalue())
    assert old in data
    return io.BytesIO(gzip.compress(data.replace(old, new, 1)))


def made(table: str, columns: list[str], rows: list[list[object]]) -> io.BytesIO:
    """A backup with right sums of whatever is given."""
    file = io.BytesIO()
    writer = BackupWriter(file, Header(revisions()[-1], "1", "", "sqlite", models=True))
    writer.write_table(table, columns, rows)
    writer.finish()
    file.seek(0)
    return file


BLOCKED = ["site", "tag", "reviewer", "at"]
AT = "2026-01-01T00:00:00+00:00"


WRONG = [
    (made("pg_authid", ["id"], []), "its table pg_authid is none of ours"),
    (made("alembic_version", ["version_num"], [["9999"]]), "none of ours"),
    (made("blocked_tags", [*BLOCKED, "x; DROP"], []), "none of ours"),
    (made("blocked_tags", BLOCKED, [["a", "b", "c", "when?"]]), "row 1 of blocked_tags"),
    (made("blocked_tags", BLOCKED, [["a", "b", [], AT]]), "a list or an object"),
    (made("blocked_tags", BLOCKED, [["a", None, "c", AT]]), "cannot be stored"),
    (made("blocked_tags", BLOCKED, [["a", "b", "c", AT]] * 2), "cannot be stored"),
    (made("blocked_tags", BLOCKED, [["a", "b", "\ud800", AT]]), "cannot be stored"),
    (made("blocked_tags", BLOCKED, [["a", "b", "c", "0001-01-01T00:00:00+23:00"]]), "row 1"),
    (
        made(
            "api_clients",
            ["client", "quota_max", "quota_remaining", "quota_at", "requested_at"],
            [["a", 2**70, 1, AT, AT]],
        ),
        "cannot be stored",
    ),
    (
        made("notes", ["id", "question_pk", "reviewer", "at", "text"], [[1, 5, "a", AT, "b"]]),
        "that is not there|cannot be stored",
    ),
]


def test_what_does_not_fit_is_refused_and_nothing_has_changed(
    engine: Engine, clock: ManualClock
) -> None:
    store_questions(engine, question(1), now=clock.now())
    before = rows_of(engine)
    for backup, told in WRONG:
        backup.seek(0)
        with pytest.raises(BackupRefused, match=told) as refused:
            restore_backup(engine, backup, "it", now=clock.now(), replace=True)
        assert "\n" not in str(refused.value)
    assert rows_of(engine) == before


def test_a_damaged_backup_leaves_the_database_as_it_was(engine: Engine, clock: ManualClock) -> None:
    store_questions(engine, question(1), question(2), now=clock.now())
    before = rows_of(engine)
    damaged = changed(backup_of(engine, clock), b"About regression", b"About depression")
    with pytest.raises(BackupRefused, match="the sums of its table questions are wrong"):
        restore_backup(engine, damaged, "it", now=clock.now(), replace=True)
    assert rows_of(engine) == before


def test_a_newer_backup_and_a_newer_database_are_refused(
    engine: Engine, clock: ManualClock
) -> None:
    file = io.BytesIO()
    BackupWriter(file, Header("9999", "9", "", "sqlite", models=True)).finish()
    file.seek(0)
    with pytest.raises(BackupRefused, match=r"newer version of the program.*revision 9999"):
        restore_backup(engine, file, "it", now=clock.now())
    backup = backup_of(engine, clock)
    set_revision(engine, "9999")
    try:
        with pytest.raises(SchemaOutdated):
            restore_backup(engine, backup, "it", now=clock.now(), replace=True)
    finally:
        set_revision(engine, revisions()[-1])


def set_revision(engine: Engine, revision: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE alembic_version SET version_num = '{revision}'"))


@pytest.mark.postgres
def test_postgres_numbers_new_rows_after_the_restored_ones(
    open_engine: Open, clock: ManualClock
) -> None:
    origin, copy = open_engine("sqlite"), open_engine("postgres")
    store_questions(origin, *map(question, range(1, 6)), now=clock.now())
    restore_backup(copy, backup_of(origin, clock), "it", now=clock.now())
    store_questions(copy, question(9), now=clock.now())
    with reading(copy) as connection:
        newest = select(Question.id).where(Question.question_id == 9)
        assert connection.scalar(newest) == 6


@pytest.mark.postgres
@pytest.mark.slow
def test_a_service_that_meets_the_restore_half_way_goes_on_before_it(
    open_engine: Open, clock: ManualClock
) -> None:
    engine = open_engine("postgres")
    store_questions(engine, question(1), now=clock.now())
    backup = backup_of(engine, clock)
    with reading(engine) as connection:
        first, *_, last = (table.name for table in own_tables(connection))
    address = engine.url.render_as_string(hide_password=False)
    finds_it = make_engine(f"{address}&options=-c%20deadlock_timeout%3D4s")  # if both wait by then
    with ThreadPoolExecutor(1) as pool, engine.begin() as service:
        service.execute(text("SET LOCAL deadlock_timeout = '60s'"))
        service.execute(text(f"SELECT FROM {last}"))
        restored = pool.submit(restore_backup, finds_it, backup, "b", now=clock.now(), replace=True)
        wait_until(lambda: is_waited_for(engine), seconds=30, what="a lock")
        service.execute(text(f"SELECT FROM {first}"))  # which the restore has locked
        service.commit()
        restored.result()
    finds_it.dispose()
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(Question)) == 1
