"""Why a worker or the scheduler ended: the next start says so.

Revision: 0019, after 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.add_column("last_signs", sa.Column("ended", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("last_signs", "ended")
