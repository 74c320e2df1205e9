"""An index by which the newest verdicts are found, of a site or of all.

Revision: 0032, after 0031
"""

from alembic import op

revision = "0032"
down_revision = "0031"

NAME = "ix_verdicts_at_site"


def upgrade() -> None:
    op.create_index(NAME, "verdicts", ["at", "site"])


def downgrade() -> None:
    op.drop_index(NAME, "verdicts")
