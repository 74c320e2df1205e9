"""The tables and the view for queries.

Revision: 0001, after None
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None

TIME = sa.DateTime(timezone=True)
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(JSONB, "postgresql")

# Of each question only its newest prediction; one row a tag. A question without any suggestion or
# any tag above zero still has its ten rows, so nothing that was tagged is missing here.
TAG_SUGGESTIONS = """
CREATE VIEW tag_suggestions AS
SELECT q.site, q.question_id, q.link, q.title, q.author_tags, t.tag, t.probability, t.suggested,
       v.verdict, m.version AS model_version, p.predicted_at
FROM predictions p
JOIN questions q ON q.id = p.question_pk
JOIN model_versions m ON m.id = p.model_version_id
JOIN predicted_tags t
  ON t.question_pk = p.question_pk AND t.model_version_id = p.model_version_id
LEFT JOIN verdicts v ON v.question_pk = p.question_pk AND v.tag = t.tag
WHERE NOT EXISTS (
  SELECT 1 FROM predictions later
  WHERE later.question_pk = p.question_pk
    AND (later.predicted_at > p.predicted_at
         OR (later.predicted_at = p.predicted_at AND later.model_version_id > p.model_version_id))
)
"""


def upgrade() -> None:
    op.create_table(
        "feeds",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("mark", TIME, nullable=True),
        sa.Column("backoff_until", TIME, nullable=True),
        sa.Column("quota_remaining", sa.Integer(), nullable=True),
        sa.Column("quota_max", sa.Integer(), nullable=True),
        sa.Column("last_success", TIME, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("last_error_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("site", "feed", name="pk_feeds"),
    )
    op.create_table(
        "model_versions",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("architecture", sa.Text(), nullable=False),
        sa.Column("metrics", JSON, nullable=False),
        sa.Column("bundle", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_model_versions"),
        sa.UniqueConstraint("site", "version", name="uq_model_versions_site"),
    )
    op.create_index(
        "ix_model_versions_live",
        "model_versions",
        ["site"],
        unique=True,
        sqlite_where=sa.text("live"),
        postgresql_where=sa.text("live"),
    )

    op.create_table(
        "questions",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("question_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("author_tags", JSON, nullable=False),
        sa.Column("link", sa.Text(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("licence", sa.Text(), nullable=True),
        sa.Column("score", sa.BigInteger(), nullable=True),
        sa.Column("answer_count", sa.BigInteger(), nullable=True),
        sa.Column("created_at", TIME, nullable=True),
        sa.Column("last_activity_at", TIME, nullable=True),
        sa.Column("fetched_at", TIME, nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("wanted_at", TIME, nullable=True),
        sa.Column("enqueued_at", TIME, nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("parked_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_questions"),
        sa.UniqueConstraint("site", "question_id", name="uq_questions_site"),
    )
    op.create_index(
        "ix_questions_parked",
        "questions",
        ["site", "parked_at"],
        unique=False,
        sqlite_where=sa.text("parked_at IS NOT NULL"),
        postgresql_where=sa.text("parked_at IS NOT NULL"),
    )
    op.create_index(
        "ix_questions_pending",
        "questions",
        ["site", "wanted_at"],
        unique=False,
        sqlite_where=sa.text("wanted_at IS NOT NULL"),
        postgresql_where=sa.text("wanted_at IS NOT NULL"),
    )
    op.create_index(
        "ix_questions_site_created_at", "questions", ["site", "created_at"], unique=False
    )

    op.create_table(
        "predictions",
        sa.Column("question_pk", BIG_ID, nullable=False),
        sa.Column("model_version_id", BIG_ID, nullable=False),
        sa.Column("predicted_at", TIME, nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_version_id"],
            ["model_versions.id"],
            name="fk_predictions_model_version_id_model_versions",
        ),
        sa.ForeignKeyConstraint(
            ["question_pk"],
            ["questions.id"],
            name="fk_predictions_question_pk_questions",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("question_pk", "model_version_id", name="pk_predictions"),
    )
    op.create_index(
        "ix_predictions_model_version_id", "predictions", ["model_version_id"], unique=False
    )
    op.create_index("ix_predictions_predicted_at", "predictions", ["predicted_at"], unique=False)

    op.create_table(
        "reviews",
        sa.Column("question_pk", BIG_ID, nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["question_pk"],
            ["questions.id"],
            name="fk_reviews_question_pk_questions",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("question_pk", "reviewer", name="pk_reviews"),
    )
    op.create_table(
        "training_runs",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("model_version_id", BIG_ID, nullable=True),
        sa.Column("report", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["model_version_id"],
            ["model_versions.id"],
            name="fk_training_runs_model_version_id_model_versions",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_training_runs"),
    )
    op.create_index(
        "ix_training_runs_site_started_at", "training_runs", ["site", "started_at"], unique=False
    )

    op.create_table(
        "verdicts",
        sa.Column("question_pk", BIG_ID, nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum("accepted", "rejected", "added", name="verdict", native_enum=False, length=16),
            nullable=False,
        ),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["question_pk"],
            ["questions.id"],
            name="fk_verdicts_question_pk_questions",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("question_pk", "tag", name="pk_verdicts"),
    )
    op.create_table(
        "predicted_tags",
        sa.Column("question_pk", BIG_ID, nullable=False),
        sa.Column("model_version_id", BIG_ID, nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("probability", sa.Float(precision=53), nullable=False),
        sa.Column("suggested", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["question_pk", "model_version_id"],
            ["predictions.question_pk", "predictions.model_version_id"],
            name="fk_predicted_tags_question_pk_predictions",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("question_pk", "model_version_id", "tag", name="pk_predicted_tags"),
    )
    op.create_index("ix_predicted_tags_tag", "predicted_tags", ["tag"], unique=False)
    op.execute(TAG_SUGGESTIONS)
