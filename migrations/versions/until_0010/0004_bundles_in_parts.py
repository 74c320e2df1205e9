"""Bundles in parts: a table of their own, read and written a mebibyte at a time.

A bundle is moved piece by piece, on the server where that is Postgres, so neither end holds one
twice; SQLite's own reader of large values walks it once. Each is freed where it stood as soon as
it has moved.

Revision: 0004, after 0003
"""

import sqlite3
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
PIECE = 1 << 20

versions = sa.table(
    "model_versions",
    sa.column("id", sa.BigInteger),
    sa.column("bundle", sa.LargeBinary),
    sa.column("size", sa.BigInteger),
)
parts = sa.table(
    "bundle_parts",
    sa.column("model_version_id", sa.BigInteger),
    sa.column("number", sa.Integer),
    sa.column("data", sa.LargeBinary),
)


def upgrade() -> None:
    op.create_table(
        "bundle_parts",
        sa.Column("model_version_id", BIG_ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_version_id"],
            ["model_versions.id"],
            name=op.f("fk_bundle_parts_model_version_id_model_versions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("model_version_id", "number", name=op.f("pk_bundle_parts")),
    )
    if _is_postgres():  # a zip is packed already: keep it as it is, and find pieces at once
        op.execute("ALTER TABLE bundle_parts ALTER COLUMN data SET STORAGE EXTERNAL")
    op.add_column(
        "model_versions", sa.Column("size", sa.BigInteger(), nullable=False, server_default="0")
    )
    connection = op.get_bind()
    sizes = sa.select(versions.c.id, sa.func.length(versions.c.bundle))
    for pk, size in connection.execute(sizes).all():
        (_split_on_postgres if _is_postgres() else _split_on_sqlite)(connection, pk, size)
        of_version = sa.update(versions).where(versions.c.id == pk)
        connection.execute(of_version.values(size=size, bundle=b""))
    op.drop_column("model_versions", "bundle")  # not in batch mode: a view reads this table


def downgrade() -> None:
    op.add_column(
        "model_versions",
        sa.Column("bundle", sa.LargeBinary(), nullable=False, server_default=sa.text(_empty())),
    )
    connection = op.get_bind()
    for pk, size in connection.execute(sa.select(versions.c.id, versions.c.size)).all():
        (_join_on_postgres if _is_postgres() else _join_on_sqlite)(connection, pk, size)
        connection.execute(sa.delete(parts).where(parts.c.model_version_id == pk))
    op.drop_column("model_versions", "size")
    op.drop_table("bundle_parts")


def _is_postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _empty() -> str:
    return "''::bytea" if _is_postgres() else "x''"


def _starts(size: int) -> Iterator[tuple[int, int]]:
    """(number, first byte) of each piece."""
    yield from enumerate(range(0, size, PIECE))


def _split_on_postgres(connection: sa.Connection, pk: int, size: int) -> None:
    piece = sa.text(
        "INSERT INTO bundle_parts SELECT id, :number, substr(bundle, :first, :length) "
        "FROM model_versions WHERE id = :pk"
    )
    for number, start in _starts(size):
        values = {"number": number, "first": start + 1, "length": PIECE, "pk": pk}
        connection.execute(piece, values)


def _join_on_postgres(connection: sa.Connection, pk: int, _size: int) -> None:
    """One value again; the server has no other way to make one of that size."""
    whole = sa.text(
        "UPDATE model_versions SET bundle = (SELECT coalesce(string_agg(data, ''::bytea "
        "ORDER BY number), ''::bytea) FROM bundle_parts WHERE model_version_id = :pk) "
        "WHERE id = :pk"
    )
    connection.execute(whole, {"pk": pk})


def _split_on_sqlite(connection: sa.Connection, pk: int, size: int) -> None:
    if not size:
        return
    with _driver(connection).blobopen("model_versions", "bundle", pk, readonly=True) as blob:
        for number, _ in _starts(size):
            part = {"model_version_id": pk, "number": number, "data": blob.read(PIECE)}
            connection.execute(sa.insert(parts), part)


def _join_on_sqlite(connection: sa.Connection, pk: int, size: int) -> None:
    if not size:
        return
    room = sa.text("UPDATE model_versions SET bundle = zeroblob(:size) WHERE id = :pk")
    connection.execute(room, {"size": size, "pk": pk})
    chosen = sa.select(parts.c.data).where(parts.c.model_version_id == pk)
    with _driver(connection).blobopen("model_versions", "bundle", pk) as blob:
        for number, _ in _starts(size):
            blob.write(connection.execute(chosen.where(parts.c.number == number)).scalar_one())


def _driver(connection: sa.Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101 (for mypy: the dialect says so)
    return driver
