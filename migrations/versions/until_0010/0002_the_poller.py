"""What the poller keeps: the API's limits, skipped items, and what becomes of questions.

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _feeds()
    _questions()
    _limits()
    _items_and_sites()


def _feeds() -> None:
    with op.batch_alter_table("feeds") as feeds:
        for moved in ("backoff_until", "quota_remaining", "quota_max"):
            feeds.drop_column(moved)
        feeds.add_column(sa.Column("fetched", sa.Integer(), server_default="0", nullable=False))
        feeds.add_column(
            sa.Column("complete", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        feeds.add_column(sa.Column("attempted_at", TIME, nullable=True))
        feeds.add_column(sa.Column("failures", sa.Integer(), server_default="0", nullable=False))
        feeds.add_column(sa.Column("retry_at", TIME, nullable=True))


def _questions() -> None:
    # Not in batch mode, which copies the table under the feet of the view.
    state = sa.Column("state", sa.String(length=16), server_default="open", nullable=False)
    op.add_column("questions", state)
    op.add_column("questions", sa.Column("state_at", TIME, nullable=True))
    op.add_column("questions", sa.Column("checked_at", TIME, nullable=True))
    op.execute("UPDATE questions SET checked_at = fetched_at")
    op.create_index(
        "ix_questions_site_state_checked_at", "questions", ["site", "state", "checked_at"]
    )


def _limits() -> None:
    op.create_table(
        "api_clients",
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("quota_max", sa.Integer(), nullable=True),
        sa.Column("quota_remaining", sa.Integer(), nullable=True),
        sa.Column("quota_at", TIME, nullable=True),
        sa.Column("requested_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("client", name="pk_api_clients"),
    )
    op.create_table(
        "api_pauses",
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("client", "site", "method", name="pk_api_pauses"),
    )
    op.create_table(
        "api_requests",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("sent_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_api_requests"),
    )
    op.create_index("ix_api_requests_sent_at", "api_requests", ["sent_at"])
    op.create_table(
        "api_leases",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.PrimaryKeyConstraint("site", name="pk_api_leases"),
    )


def _items_and_sites() -> None:
    op.create_table(
        "skipped_items",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("question_id", sa.BigInteger(), nullable=True),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("first_seen", TIME, nullable=False),
        sa.Column("last_seen", TIME, nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("site", "item", name="pk_skipped_items"),
    )
    op.create_table(
        "known_sites",
        sa.Column("api", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("fetched_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("api", "site", name="pk_known_sites"),
    )
