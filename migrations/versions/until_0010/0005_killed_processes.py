"""Processes of workers that the system killed, for the status.

Revision: 0005, after 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "killed_processes",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("site", sa.Text(), nullable=True),
        sa.Column("questions", sa.Integer(), nullable=False),
        sa.Column("held_bytes", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_killed_processes")),
    )
    op.create_index(op.f("ix_killed_processes_at"), "killed_processes", ["at"])


def downgrade() -> None:
    op.drop_table("killed_processes")
