"""When a pause of the API was decided on: by a clock that was ahead, it would last too long.

Revision: 0018, after 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    time = sa.DateTime(timezone=True)
    op.add_column("api_pauses", sa.Column("made_at", time, nullable=True))


def downgrade() -> None:
    op.drop_column("api_pauses", "made_at")
