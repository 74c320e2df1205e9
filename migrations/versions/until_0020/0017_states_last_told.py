"""As of when a question's state was last told: an old file undoes none that was confirmed since.

Nothing says that of the questions that are here; the next answer of the API does.

Revision: 0017, after 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    time = sa.DateTime(timezone=True)
    op.add_column("questions", sa.Column("state_told_at", time, nullable=True))


def downgrade() -> None:
    op.drop_column("questions", "state_told_at")
