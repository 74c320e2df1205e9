"""An index of what was delivered, so that a webhook's last delivery is found at once.

Revision: 0008, after 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    delivered = sa.text("delivered_at IS NOT NULL")
    op.create_index(
        "ix_outgoing_events_delivered",
        "outgoing_events",
        ["webhook_id", "delivered_at"],
        sqlite_where=delivered,
        postgresql_where=delivered,
    )


def downgrade() -> None:
    op.drop_index("ix_outgoing_events_delivered", "outgoing_events")
