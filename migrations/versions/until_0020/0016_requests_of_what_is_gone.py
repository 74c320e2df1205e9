"""No tagging requests of questions that are on their site no more, as store() has them no more.

Revision: 0016, after 0015
"""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.execute(
        "DELETE FROM tagging_requests WHERE question_pk IN "
        "(SELECT id FROM questions WHERE state IN ('deleted', 'migrated'))"
    )


def downgrade() -> None:
    """Nothing: an earlier program requests them where it wants them."""
