"""Roles of Postgres: services that change no table, and people who only read.

The owner's own address is for migrations, backups that are brought back, and these grants.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from pydantic import SecretStr
from sqlalchemy import Engine, inspect, text
from sqlalchemy.engine import Connection

from core.database.backup.scope import own_tables

SERVICE: Final = "tagger_service"
READER: Final = "tagger_reader"

# What the reader does not see: digests that log in, and what signs and addresses webhooks.
SECRETS: Final[Mapping[str, frozenset[str]]] = {
    "reviewers": frozenset({"token_digest"}),
    "webhooks": frozenset({"secret", "url"}),
}
SECRET_TABLES: Final = frozenset({"review_sessions"})

_ATTRIBUTES: Final = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"


def set_up_roles(
    engine: Engine, *, service: SecretStr | None, reader: SecretStr | None
) -> list[str]:
    """Make the roles that have a password, and say again what all of them may; return which.

    Does nothing on SQLite. The tables are to be up to date.

    Args:
        engine: of the tables' owner, who may make roles.
        service: the password of the services' role.
        reader: that of the role that reads.

    Raises:
        DatabaseForbidden: this user may make no roles.
    """
    if engine.dialect.name != "postgresql":
        return []
    with engine.begin() as connection:
        for role, password in ((SERVICE, service), (READER, reader)):
            if password is not None:
                _make(connection, role, password.get_secret_value())
                if role == READER:  # it could make tables of its own for as long as it is there
                    connection.execute(
                        text(f"ALTER ROLE {role} SET default_transaction_read_only = on")
                    )
        return _grant(connection)


def _make(connection: Connection, role: str, password: str) -> None:
    """Make a role that may log in; Postgres is given what it stores of a password, not itself."""
    if not _exists(connection, role):
        connection.execute(text(f"CREATE ROLE {role}"))
    driver = connection.connection.driver_connection
    stored = driver.pgconn.encrypt_password(  # type: ignore[union-attr] # (psycopg's)
        password.encode(), role.encode(), b"scram-sha-256"
    )
    quoted = stored.decode().replace("'", "''")
    connection.exec_driver_sql(f"ALTER ROLE {role} LOGIN {_ATTRIBUTES} PASSWORD '{quoted}'")


def _exists(connection: Connection, role: str) -> bool:
    found = text("SELECT 1 FROM pg_roles WHERE rolname = :role")
    return connection.execute(found, {"role": role}).first() is not None


def _grant(connection: Connection) -> list[str]:
    """Let the roles that there are do what they are for, and nothing else; return them."""
    found = [role for role in (SERVICE, READER) if _exists(connection, role)]
    if not found:
        return found
    schema = connection.execute(text("SELECT quote_ident(current_schema())")).scalar_one()
    connection.execute(text(f"REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC"))
    tables = {table.name: list(table.columns) for table in own_tables(connection)}
    statements = {
        SERVICE: _of_service(connection, tables, schema),
        READER: _of_reader(connection, tables),
    }
    for role in found:
        connection.execute(text(f"GRANT USAGE ON SCHEMA {schema} TO {role}"))
        for statement in statements[role]:
            connection.execute(text(statement))
    return found


def _of_service(
    connection: Connection, tables: Mapping[str, list[str]], schema: str
) -> Iterable[str]:
    """Rows of all tables, also of those that the owner makes later."""
    rows = "SELECT, INSERT, UPDATE, DELETE"
    names = ", ".join([*tables, *_views(connection)])
    numbers = f"USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {SERVICE}"
    yield f"GRANT {rows} ON {names} TO {SERVICE}"
    yield f"GRANT SELECT ON alembic_version TO {SERVICE}"
    yield f"GRANT {numbers}"
    later = f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT"
    yield f"{later} {rows} ON TABLES TO {SERVICE}"
    yield f"{later} USAGE, SELECT ON SEQUENCES TO {SERVICE}"


def _of_reader(connection: Connection, tables: Mapping[str, list[str]]) -> Iterable[str]:
    """What is no secret."""
    yield f"REVOKE ALL ON {', '.join(tables)} FROM {READER}"
    yield f"GRANT SELECT ON {', '.join(['alembic_version', *_views(connection)])} TO {READER}"
    for table, columns in tables.items():
        if table in SECRET_TABLES:
            continue
        shown = [name for name in columns if name not in SECRETS.get(table, ())]
        only = f" ({', '.join(shown)})" if len(shown) < len(columns) else ""
        yield f"GRANT SELECT{only} ON {table} TO {READER}"


def _views(connection: Connection) -> list[str]:
    known = {"predicted_tags", "tag_suggestions", "suggestions_by_tag"}
    return sorted(known & set(inspect(connection).get_view_names()))
