"""Which version of the program a part of the service runs.

Revision: 0022, after 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.add_column("last_signs", sa.Column("version", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("last_signs", "version")
