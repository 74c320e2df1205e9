"""An index of the questions that are gone from their site, which are taken off what is left.

Few are, so it costs writers nothing. SQLite looks a question up by its key nevertheless.

Revision: 0030, after 0029
"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"

NAME = "ix_questions_gone"
WHICH = sa.text("state IN ('deleted', 'migrated')")


def upgrade() -> None:
    op.create_index(NAME, "questions", ["id"], sqlite_where=WHICH, postgresql_where=WHICH)


def downgrade() -> None:
    op.drop_index(NAME, "questions")
