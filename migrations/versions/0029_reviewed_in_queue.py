"""An index of what is reviewed of the queue, which is less than what is open, and counted by it.

Revision: 0029, after 0028
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"

NAME = "ix_review_queue_reviewed"
WHICH = sa.text("reviews >= wanted_reviews")


def upgrade() -> None:
    op.create_index(NAME, "review_queue", ["site"], sqlite_where=WHICH, postgresql_where=WHICH)


def downgrade() -> None:
    op.drop_index(NAME, "review_queue")
