"""How often an event was refused, apart from tries that nobody answered.

Of tries of before it is not known which were answered: refusals are counted from this revision on.

Revision: 0012, after 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    refusals = sa.Column("refusals", sa.Integer, nullable=False, server_default="0")
    op.add_column("outgoing_events", refusals)


def downgrade() -> None:
    op.drop_column("outgoing_events", "refusals")
