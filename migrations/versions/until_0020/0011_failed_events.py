"""When an event was given up, so that it can be deleted some time later.

Of those of before it is not known: their time begins with this revision.

Revision: 0011, after 0010
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

TIME = sa.DateTime(timezone=True)
FAILED = datetime(9999, 1, 1, tzinfo=UTC)  # the next try of one that has failed

EVENTS = sa.table(
    "outgoing_events",
    sa.column("next_try_at", TIME),
    sa.column("delivered_at", TIME),
    sa.column("failed_at", TIME),
)


def upgrade() -> None:
    op.add_column("outgoing_events", sa.Column("failed_at", TIME, nullable=True))
    failed = (EVENTS.c.delivered_at.is_(None), EVENTS.c.next_try_at >= FAILED)
    op.execute(sa.update(EVENTS).where(*failed).values(failed_at=datetime.now(UTC)))


def downgrade() -> None:
    op.drop_column("outgoing_events", "failed_at")
