from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, select, text

from core.database import api_tables, review_tables, tables
from core.database.backup.tables import Backup
from core.database.engine import make_engine
from core.database.migrate import (
    alembic_config,
    current_revision,
    migrate_to,
    migrator,
    revisions,
    upgrade,
)
from core.errors import SchemaOutdated
from tests.core.database.upgrades.filled_tables import counts, fill_empty_tables
from tests.processes import is_waited_for, wait_until


def test_the_migrations_make_the_tables_that_the_code_declares(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.Table.metadata) == []
        for table in (api_tables.FeedRow, review_tables.Verdict, Backup):
            assert table.metadata is tables.Table.metadata


def test_a_second_upgrade_has_nothing_to_do(database_url: str) -> None:
    engine = make_engine(database_url)
    assert [upgrade(engine), upgrade(engine)] == [True, False]
    engine.dispose()


def test_of_several_upgrades_at_once_one_does_the_work(database_url: str) -> None:
    engines = [make_engine(database_url) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(upgrade, engines))
    assert sorted(done) == [False, False, False, True]
    for engine in engines:
        engine.dispose()


def test_an_upgrade_beside_a_writer_who_waits_for_it_is_done_in_the_end(postgres_url: str) -> None:
    """Who has written a question's tags and comes to the question, the other way round."""
    engine = make_engine(postgres_url)
    with migrator(engine) as connection:
        migrate_to(connection, "0025")
    # So that of the two the upgrade is who finds the deadlock, and gives way.
    early = make_engine(f"{postgres_url}&options=-c%20deadlock_timeout%3D4s")
    with engine.connect() as writer, ThreadPoolExecutor(1) as threads:
        writer.execute(text("SET deadlock_timeout = '30s'"))
        writer.execute(text("LOCK TABLE question_tags IN ROW EXCLUSIVE MODE"))
        upgraded = threads.submit(upgrade, early)
        wait_until(
            lambda: upgraded.done() or is_waited_for(engine),
            seconds=60,
            what="it waits for the writer",
        )
        writer.execute(text("LOCK TABLE questions IN ROW EXCLUSIVE MODE"))
        writer.commit()
        assert upgraded.result(60)
    with engine.connect() as connection:
        assert current_revision(connection) == revisions()[-1]
    engine.dispose()
    early.dispose()


def test_an_upgrade_lets_who_has_written_predictions_enter_them_into_the_queue(
    postgres_url: str,
) -> None:
    engine = make_engine(postgres_url)
    with migrator(engine) as connection:
        migrate_to(connection, "0025")
    late = make_engine(f"{postgres_url}&options=-c%20deadlock_timeout%3D30s")
    with engine.connect() as writer, ThreadPoolExecutor(1) as threads:
        writer.execute(text("LOCK TABLE predictions IN ROW EXCLUSIVE MODE"))
        upgraded = threads.submit(upgrade, late)
        wait_until(
            lambda: upgraded.done() or is_waited_for(engine),
            seconds=60,
            what="it waits for the writer",
        )
        # In a deadlock this would be who finds it, and gives way.
        writer.execute(text("LOCK TABLE review_queue IN ROW EXCLUSIVE MODE"))
        writer.commit()
        assert upgraded.result(60)
    engine.dispose()
    late.dispose()


def test_tables_of_a_newer_program_are_refused_and_left_alone(database_url: str) -> None:
    engine = make_engine(database_url)
    upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaOutdated, match="9999"):
        upgrade(engine)
    engine.dispose()


@pytest.mark.slow(5)
def test_rows_of_every_revision_survive_all_later_ones(database_url: str) -> None:
    engine = make_engine(database_url)
    for revision in revisions():
        with migrator(engine) as connection:
            before = counts(connection)
            migrate_to(connection, revision)
            after = counts(connection)
            lost = {name: rows for name, rows in before.items() if after.get(name, rows) < rows}
            assert lost == {}, revision
            fill_empty_tables(connection)
    assert not upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.Table.metadata) == []
        assert set(counts(connection).values()) == {1}
        for mapper in tables.Table.registry.mappers:  # as the code reads them
            assert connection.execute(select(*mapper.columns)).all(), mapper
    engine.dispose()


def test_foreign_keys_are_on_after_a_migration(sqlite_engine: Engine) -> None:
    with sqlite_engine.connect() as connection:
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_the_program_may_stand_in_a_folder_of_any_name(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.database.migrate.MIGRATIONS", Path("/home/50%20off %(here)s"))
    with engine.connect() as connection:
        config = alembic_config(connection)
    assert config.get_main_option("script_location") == "/home/50%20off %(here)s"
