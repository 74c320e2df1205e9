"""The roles of a real Postgres: what services do all day, and what nobody but the owner may."""

import io
import re
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, make_url, text
from sqlalchemy.engine import Connection

from core.database.backup.restoring import restore_backup
from core.database.backup.scope import MADE_BY_TRIGGERS, own_tables
from core.database.backup.writing import write_backup
from core.database.engine import make_engine, reading
from core.database.migrate import revisions, upgrade
from core.database.tables import Table
from core.errors import DatabaseForbidden, SchemaOutdated
from core.model import registry
from ops.roles import READER, SECRET_TABLES, SECRETS, SERVICE, set_up_roles
from tests.conftest import ManualClock
from tests.core.database.upgrades.filled_tables import fill_empty_tables
from tests.models import word_bundle
from tests.rows import live_models, predictions, publish_live, question, store_questions
from worker.tagging import tag_batch

PASSWORD = SecretStr("it's a %secret")


@dataclass
class Roles:
    owner: Engine
    service: Engine
    reader: Engine


@pytest.fixture
def roles(migrated_postgres_url: str) -> Iterator[Roles]:
    owner = make_engine(migrated_postgres_url)
    assert set_up_roles(owner, service=PASSWORD, reader=PASSWORD) == [SERVICE, READER]
    address = make_url(migrated_postgres_url)
    others = [
        make_engine(
            address.set(username=role, password=PASSWORD.get_secret_value()).render_as_string(
                hide_password=False
            )
        )
        for role in (SERVICE, READER)
    ]
    yield Roles(owner, *others)
    for engine in (owner, *others):
        engine.dispose()


def test_the_service_tags_and_is_no_superuser(roles: Roles, clock: ManualClock) -> None:
    service = roles.service
    assert not upgrade(service)
    publish_live(service, word_bundle(), now=clock.now())
    stored = store_questions(service, question(1, "ANOVA"), now=clock.now())
    assert tag_batch(service, live_models(service), "stats", stored.requested, clock).tagged == 1
    assert predictions(service) == [(1, 1)]
    with service.begin() as connection:
        assert registry.prune(connection, "stats", keep=2, now=clock.now()) == []
        is_super = (
            "SELECT rolsuper OR rolcreaterole OR rolcreatedb FROM pg_roles WHERE rolname = :r"
        )
        assert connection.scalar(text(is_super), {"r": SERVICE}) is False


def test_the_service_inserts_and_deletes_rows_of_every_table(roles: Roles) -> None:
    with roles.service.begin() as connection:
        filled = fill_empty_tables(connection)
        assert len(filled) == len(Table.metadata.tables) - len(MADE_BY_TRIGGERS)
        for table in reversed(own_tables(connection)):
            first = next(iter(table.columns))
            connection.execute(text(f"UPDATE {table.name} SET {first} = {first}"))
            connection.execute(text(f"DELETE FROM {table.name}"))


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "DROP TABLE notes",
        "ALTER TABLE notes ADD COLUMN mine int",
        "TRUNCATE notes",
        "CREATE INDEX mine ON notes (at)",
        "DROP VIEW tag_suggestions",
        "UPDATE alembic_version SET version_num = '9999'",
        "CREATE ROLE mine",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ],
)
def test_neither_role_changes_a_table(roles: Roles, statement: str) -> None:
    for engine in (roles.service, roles.reader):
        with (
            pytest.raises(Exception, match=r"may not do that|read-only transaction"),
            engine.begin() as c,
        ):
            c.execute(text(statement))


def test_the_reader_reads_what_is_no_secret_and_nothing_else(roles: Roles) -> None:
    with roles.owner.begin() as connection:
        fill_empty_tables(connection)
    for table in Table.metadata.sorted_tables:
        withheld = SECRETS.get(table.name, frozenset())
        if table.name in SECRET_TABLES:
            withheld = frozenset(column.name for column in table.columns)
        for column in table.columns:
            statement = text(f"SELECT {column.name} FROM {table.name}")
            if column.name in withheld:
                with pytest.raises(DatabaseForbidden), reading(roles.reader) as connection:
                    connection.execute(statement)
            else:
                with reading(roles.reader) as connection:
                    assert connection.execute(statement).all(), column
    for view in ("tag_suggestions", "suggestions_by_tag", "predicted_tags"):
        with reading(roles.reader) as connection:
            assert connection.execute(text(f"SELECT * FROM {view}")).all()


@pytest.mark.parametrize("begin", ["", "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE"])
def test_the_reader_writes_nothing_whatever_it_sets(roles: Roles, begin: str) -> None:
    with roles.reader.connect() as connection:
        if begin:
            connection.execute(text(begin))
            connection.commit()
        with pytest.raises(Exception, match=r"may not do that|read-only transaction"):
            connection.execute(text("DELETE FROM notes"))


# Names under which a secret may stand; what does and is none, is named here with its reason.
SECRETIVE = re.compile(r"token|secret|password|digest|\burl\b|_key$|^key$")
NO_SECRETS = {
    ("api_requests", "digest"),  # of what was asked, without the key
    ("known_sites", "url"),  # of a site
}


def test_no_column_that_sounds_like_a_secret_is_shown_unless_it_is_known_to_be_none() -> None:
    sounding = {
        (table.name, column.name)
        for table in Table.metadata.sorted_tables
        for column in table.columns
        if SECRETIVE.search(column.name) and table.name not in SECRET_TABLES
    }
    withheld = {(table, column) for table, columns in SECRETS.items() for column in columns}
    assert sounding - NO_SECRETS == withheld


def test_tables_that_the_owner_makes_later_are_the_services_too(roles: Roles) -> None:
    with roles.owner.begin() as connection:
        connection.execute(text("CREATE TABLE later (id serial)"))
    try:
        with roles.service.begin() as connection:
            connection.execute(text("INSERT INTO later DEFAULT VALUES"))
        with pytest.raises(DatabaseForbidden), reading(roles.reader) as connection:
            connection.execute(text("SELECT * FROM later"))
    finally:
        with roles.owner.begin() as connection:
            connection.execute(text("DROP TABLE later"))


def test_sqlite_has_no_roles(sqlite_engine: Engine) -> None:
    assert set_up_roles(sqlite_engine, service=PASSWORD, reader=PASSWORD) == []


def test_a_service_that_meets_older_tables_says_who_has_to_migrate_them(
    roles: Roles, monkeypatch: pytest.MonkeyPatch
) -> None:
    def migrate(connection: Connection, _: str) -> None:
        connection.execute(text("ALTER TABLE notes ADD COLUMN mine int"))

    known = (*revisions(), "9999")
    monkeypatch.setattr("core.database.migrate.revisions", lambda: known)
    monkeypatch.setattr("core.database.migrate.migrate_to", migrate)
    with pytest.raises(SchemaOutdated, match=r"this version .*needs 9999.*tagger_service may not"):
        upgrade(roles.service)


def test_the_service_takes_backups_and_the_owner_alone_brings_them_back(
    roles: Roles, clock: ManualClock
) -> None:
    backup = io.BytesIO()
    write_backup(roles.service, backup, now=clock.now())
    for engine in (roles.service, roles.reader, roles.owner):
        backup.seek(0)
        refused = pytest.raises(Exception, match=r"may not do that|read-only transaction")
        with nullcontext() if engine is roles.owner else refused:
            restore_backup(engine, backup, "it", now=clock.now())


def test_postgres_is_told_no_password_in_clear_text(roles: Roles) -> None:
    with roles.owner.begin() as connection:
        stored = connection.scalar(
            text("SELECT rolpassword FROM pg_authid WHERE rolname = :role"), {"role": SERVICE}
        )
    assert str(stored).startswith("SCRAM-SHA-256$")
