"""The SHA-256 of what workers read of a model's bundle: they fetch that alone, half of its bytes.

A version that was published before has none, and is fetched as a whole.

Revision: 0027, after 0026
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    json = sa.JSON().with_variant(JSONB, "postgresql")
    op.add_column("model_versions", sa.Column("served_sha256", json, nullable=True))


def downgrade() -> None:
    op.drop_column("model_versions", "served_sha256")
