"""Tags that a site has renamed or merged into others, as its API lists them.

Revision: 0015, after 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "tag_synonyms",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("synonym_of", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site", "tag", name="pk_tag_synonyms"),
    )


def downgrade() -> None:
    op.drop_table("tag_synonyms")
