"""The life of a model: what it learned from, when it was live, and how it agrees with authors.

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

TIME = sa.DateTime(timezone=True)
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _versions_and_runs()
    _promotions()
    _agreement()


def _versions_and_runs() -> None:
    # Not in batch mode, which copies a table under the feet of the view.
    op.add_column("model_versions", sa.Column("learned_through", sa.BigInteger(), nullable=True))
    op.add_column("model_versions", sa.Column("pruned_at", TIME, nullable=True))
    op.add_column("training_runs", sa.Column("fingerprint", sa.String(length=64), nullable=True))
    op.add_column("training_runs", sa.Column("questions", sa.BigInteger(), nullable=True))
    op.add_column("training_runs", sa.Column("newest_question_id", sa.BigInteger(), nullable=True))
    op.add_column("training_runs", sa.Column("decision", sa.Text(), nullable=True))


def _promotions() -> None:
    op.create_table(
        "promotions",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("model_version_id", BIG_ID, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_version_id"],
            ["model_versions.id"],
            name="fk_promotions_model_version_id_model_versions",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_promotions"),
    )
    op.create_index("ix_promotions_site", "promotions", ["site"])
    op.execute(
        "INSERT INTO promotions (site, model_version_id, at, reason) "
        "SELECT site, id, created_at, 'hand' FROM model_versions WHERE live"
    )


def _agreement() -> None:
    op.add_column("predictions", sa.Column("scored_at", TIME, nullable=True))
    unscored = sa.text("scored_at IS NULL")
    op.create_index(
        "ix_predictions_unscored",
        "predictions",
        ["model_version_id"],
        sqlite_where=unscored,
        postgresql_where=unscored,
    )
    op.create_table(
        "live_agreement",
        sa.Column("model_version_id", BIG_ID, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("questions", sa.BigInteger(), nullable=False),
        sa.Column("first_hits", sa.BigInteger(), nullable=False),
        sa.Column("recall_at_5_sum", sa.Float(precision=53), nullable=False),
        sa.Column("without_suggestion", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_version_id"],
            ["model_versions.id"],
            name="fk_live_agreement_model_version_id_model_versions",
        ),
        sa.PrimaryKeyConstraint("model_version_id", "day", name="pk_live_agreement"),
    )
    op.create_table(
        "drifts",
        sa.Column("model_version_id", BIG_ID, nullable=False),
        sa.Column("found_at", TIME, nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_version_id"],
            ["model_versions.id"],
            name="fk_drifts_model_version_id_model_versions",
        ),
        sa.PrimaryKeyConstraint("model_version_id", name="pk_drifts"),
    )
