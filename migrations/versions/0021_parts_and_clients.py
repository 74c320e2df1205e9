"""What a part of the service waits for and holds in memory, and whose client asks for a site.

Revision: 0021, after 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.add_column("last_signs", sa.Column("waits_for", sa.Text(), nullable=True))
    for name in ("memory_bytes", "memory_limit"):
        op.add_column("last_signs", sa.Column(name, sa.BigInteger(), nullable=True))
    op.create_table(
        "api_sites",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("site", name=op.f("pk_api_sites")),
    )


def downgrade() -> None:
    op.drop_table("api_sites")
    for name in ("memory_limit", "memory_bytes", "waits_for"):
        op.drop_column("last_signs", name)
