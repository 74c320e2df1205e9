"""By when a run and a model have seen questions, in place of the site's numbers for them.

A question's number is no time: each dump since 2025 holds a made-up post of the number 1000000001.
What was recorded up to that one is worked out anew from dates; what else was recorded by number
stays, and is read where there is nothing else. The made-up posts that are here count as deleted.

Revision: 0013, after 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

TIME = sa.DateTime(timezone=True)

MADE_UP = "BETWEEN 1000000000 AND 1000000099"

# Up to the made-up post is all that was there: the older questions at least, and perhaps more.
MODELS = f"""
UPDATE model_versions SET
  learned_until = (
    SELECT max(q.created_at) FROM questions q
    WHERE q.site = model_versions.site AND q.created_at <= model_versions.created_at
  ),
  learned_row = (
    SELECT max(q.id) FROM questions q
    WHERE q.site = model_versions.site AND q.question_id NOT {MADE_UP}
      AND (q.created_at IS NULL OR q.created_at <= model_versions.created_at)
  )
WHERE learned_through {MADE_UP}
"""  # noqa: S608 (a constant)


def upgrade() -> None:
    op.add_column("model_versions", sa.Column("learned_until", TIME, nullable=True))
    op.add_column("model_versions", sa.Column("learned_row", sa.BigInteger(), nullable=True))
    op.add_column("training_runs", sa.Column("seen_until", TIME, nullable=True))
    op.add_column("training_runs", sa.Column("seen_row", sa.BigInteger(), nullable=True))
    op.execute(MODELS)
    op.execute(
        f"UPDATE training_runs SET seen_until = started_at WHERE newest_question_id {MADE_UP}"  # noqa: S608
    )
    op.execute(
        f"UPDATE questions SET state = 'deleted', state_at = fetched_at "  # noqa: S608
        f"WHERE question_id {MADE_UP} AND state != 'deleted'"
    )


def downgrade() -> None:
    for table, columns in (
        ("training_runs", ("seen_row", "seen_until")),
        ("model_versions", ("learned_row", "learned_until")),
    ):
        for column in columns:
            op.drop_column(table, column)
