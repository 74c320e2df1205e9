"""Tagging requests whose attempts are used up are found by an index.

By a column of its own: an index on the attempts would be written at each of them, in a place of its
own. This one changes with the last attempt alone. Postgres writes the narrow table anew, once.

Revision: 0024, after 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

NAME = "ix_tagging_requests_exhausted"
WHICH = sa.text("exhausted AND parked_at IS NULL")


def upgrade() -> None:
    # Postgres has an index of stored values alone, and SQLite adds no column of them.
    stored = op.get_bind().dialect.name == "postgresql"
    reckoned = sa.Computed("attempts >= 3", persisted=stored)
    op.add_column(
        "tagging_requests", sa.Column("exhausted", sa.Boolean(), reckoned, nullable=False)
    )
    op.create_index(
        NAME, "tagging_requests", ["question_pk"], sqlite_where=WHICH, postgresql_where=WHICH
    )


def downgrade() -> None:
    op.drop_index(NAME, "tagging_requests")
    op.drop_column("tagging_requests", "exhausted")
