"""The review: verdicts by reviewer, and what the review page keeps.

A verdict of before keeps its reviewer and its meaning: alone, it decides.

Revision: 0006, after 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"

TIME = sa.DateTime(timezone=True)
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(JSONB, "postgresql")
NO = sa.false()

# As `core/questions/verdicts.py` says it: a settling verdict decides, else the majority, else none.
VERDICT = """(
  SELECT CASE
    WHEN sum(CASE WHEN v.settles THEN 1 ELSE 0 END) > 0
      THEN max(CASE WHEN v.settles THEN v.verdict END)
    WHEN sum(CASE WHEN v.verdict = 'rejected' THEN 1 ELSE -1 END) > 0 THEN 'rejected'
    WHEN sum(CASE WHEN v.verdict = 'rejected' THEN 1 ELSE -1 END) < 0
      THEN min(CASE WHEN v.verdict <> 'rejected' THEN v.verdict END)
    WHEN count(*) > 0 THEN 'disputed'
  END
  FROM verdicts v WHERE v.question_pk = p.question_pk AND v.tag = t.tag
)"""

# A tag that is blocked is suggested nowhere, also where it was before.
SUGGESTED = """(t.suggested AND NOT EXISTS (
  SELECT 1 FROM blocked_tags b WHERE b.site = q.site AND b.tag = t.tag
)) AS suggested"""

TAG_SUGGESTIONS = """
CREATE VIEW tag_suggestions AS
SELECT q.site, q.question_id, q.link, q.title, q.author_tags, t.tag, t.probability, {suggested},
       {verdict} AS verdict, m.version AS model_version, p.predicted_at
FROM predictions p
JOIN questions q ON q.id = p.question_pk
JOIN model_versions m ON m.id = p.model_version_id
JOIN predicted_tags t
  ON t.question_pk = p.question_pk AND t.model_version_id = p.model_version_id
{join}WHERE NOT EXISTS (
  SELECT 1 FROM predictions later
  WHERE later.question_pk = p.question_pk
    AND (later.predicted_at > p.predicted_at
         OR (later.predicted_at = p.predicted_at AND later.model_version_id > p.model_version_id))
)
"""
OLD_JOIN = "LEFT JOIN verdicts v ON v.question_pk = p.question_pk AND v.tag = t.tag\n"

# Newest first by time, then by version, as in the view.
FILL_QUEUE = """
INSERT INTO review_queue (question_pk, site, model_version_id, predicted_at, reviews)
SELECT p.question_pk, q.site, p.model_version_id, p.predicted_at,
       (SELECT count(*) FROM reviews r WHERE r.question_pk = p.question_pk)
FROM predictions p
JOIN questions q ON q.id = p.question_pk
WHERE NOT EXISTS (
  SELECT 1 FROM predictions later
  WHERE later.question_pk = p.question_pk
    AND (later.predicted_at > p.predicted_at
         OR (later.predicted_at = p.predicted_at AND later.model_version_id > p.model_version_id))
)
"""


def upgrade() -> None:
    op.execute("DROP VIEW tag_suggestions")  # it reads what changes here
    _verdicts_by_reviewer()
    _reviews()
    _queue()
    _history()
    _remarks()
    _people()
    _webhooks()
    op.execute(TAG_SUGGESTIONS.format(suggested=SUGGESTED, verdict=VERDICT, join=""))
    op.execute(FILL_QUEUE)


def downgrade() -> None:
    op.execute("DROP VIEW tag_suggestions")
    for table in (
        "outgoing_events",
        "webhooks",
        "review_sessions",
        "reviewers",
        "saved_filters",
        "blocked_tags",
        "notes",
        "review_changes",
        "review_actions",
        "review_claims",
        "review_queue",
    ):
        op.drop_table(table)
    op.execute("DELETE FROM reviews WHERE outcome <> 'saved'")
    op.drop_index("ix_reviews_reviewer_at", "reviews")
    for column in ("first_choice", "blind", "model_version_id", "outcome"):
        op.drop_column("reviews", column)
    _one_verdict_a_tag()
    op.execute(TAG_SUGGESTIONS.format(suggested="t.suggested", verdict="v.verdict", join=OLD_JOIN))


def _verdicts_by_reviewer() -> None:
    settles: sa.Column[bool] = sa.Column("settles", sa.Boolean(), nullable=False, server_default=NO)
    _verdicts("verdicts_by_reviewer", ["question_pk", "reviewer", "tag"], settles)
    _replace_verdicts(
        "INSERT INTO verdicts_by_reviewer (question_pk, tag, verdict, reviewer, at) "
        "SELECT question_pk, tag, verdict, reviewer, at FROM verdicts",
        "verdicts_by_reviewer",
    )


def _one_verdict_a_tag() -> None:
    """Of several reviewers' verdicts the settling one stays, or else the newest."""
    _verdicts("verdicts_by_tag", ["question_pk", "tag"])
    _replace_verdicts(
        "INSERT INTO verdicts_by_tag (question_pk, tag, verdict, reviewer, at) "
        "SELECT question_pk, tag, verdict, reviewer, at FROM (SELECT v.*, row_number() OVER "
        "(PARTITION BY question_pk, tag ORDER BY settles DESC, at DESC, reviewer) AS place "
        "FROM verdicts v) AS ranked WHERE place = 1",
        "verdicts_by_tag",
    )


def _verdicts(name: str, key: list[str], *more: sa.Column[bool]) -> None:
    op.create_table(
        name,
        sa.Column("question_pk", BIG_ID, nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum("accepted", "rejected", "added", name="verdict", native_enum=False, length=16),
            nullable=False,
        ),
        *more,
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["question_pk"],
            ["questions.id"],
            name=f"fk_{name}_question_pk_questions",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(*key, name=f"pk_{name}"),
    )


def _replace_verdicts(fill: str, name: str) -> None:
    op.execute(fill)
    op.drop_table("verdicts")
    op.rename_table(name, "verdicts")
    if op.get_bind().dialect.name == "postgresql":
        foreign = "fk_{}_question_pk_questions"
        for old, new in (
            (f"pk_{name}", "pk_verdicts"),
            (foreign.format(name), foreign.format("verdicts")),
        ):
            op.execute(f"ALTER TABLE verdicts RENAME CONSTRAINT {old} TO {new}")


def _reviews() -> None:
    # Not in batch mode, which copies a table.
    for column in (
        sa.Column("outcome", sa.String(16), nullable=False, server_default="saved"),
        sa.Column("model_version_id", BIG_ID, nullable=True),
        sa.Column("blind", sa.Boolean(), nullable=False, server_default=NO),
        sa.Column("first_choice", JSON, nullable=True),
    ):
        op.add_column("reviews", column)
    op.create_index("ix_reviews_reviewer_at", "reviews", ["reviewer", "at"])


def _queue() -> None:
    op.create_table(
        "review_queue",
        _question_key(),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("model_version_id", BIG_ID, nullable=False),
        sa.Column("predicted_at", TIME, nullable=False),
        sa.Column("uncertainty", sa.Float(53), nullable=True),
        sa.Column("label_quality", sa.Float(53), nullable=True),
        sa.Column("reviews", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("wanted_reviews", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("conflicting", sa.Boolean(), nullable=False, server_default=NO),
        _of_question("review_queue"),
        sa.PrimaryKeyConstraint("question_pk", name="pk_review_queue"),
    )
    _partial_index("review_queue", ["site", "question_pk"], "reviews < wanted_reviews", "open")
    for column in ("predicted_at", "uncertainty", "label_quality"):
        _partial_index("review_queue", ["site", column], "reviews < wanted_reviews", column)
    _partial_index("review_queue", ["site", "question_pk"], "conflicting", "conflicting")
    _partial_index("review_queue", ["question_pk"], "uncertainty IS NULL", "unscored")
    op.create_table(
        "review_claims",
        _question_key(),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.Column("queue", sa.String(64), nullable=False),
        _of_question("review_claims"),
        sa.PrimaryKeyConstraint("question_pk", name="pk_review_claims"),
    )
    op.create_index("ix_review_claims_reviewer", "review_claims", ["reviewer"])


def _history() -> None:
    op.create_table(
        "review_actions",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("summary", JSON, nullable=False),
        sa.Column("undone_at", TIME, nullable=True),
        sa.UniqueConstraint("reviewer", "request_id", name="uq_review_actions_reviewer"),
        sa.PrimaryKeyConstraint("id", name="pk_review_actions"),
    )
    op.create_index("ix_review_actions_reviewer_id", "review_actions", ["reviewer", "id"])
    op.create_table(
        "review_changes",
        sa.Column("action_id", BIG_ID, nullable=False),
        _question_key(),
        sa.Column("before", JSON, nullable=False),
        _of_question("review_changes"),
        sa.ForeignKeyConstraint(
            ["action_id"],
            ["review_actions.id"],
            name="fk_review_changes_action_id_review_actions",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("action_id", "question_pk", name="pk_review_changes"),
    )
    op.create_index("ix_review_changes_question_pk", "review_changes", ["question_pk"])


def _remarks() -> None:
    op.create_table(
        "notes",
        sa.Column("id", BIG_ID, nullable=False),
        _question_key(),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        _of_question("notes"),
        sa.PrimaryKeyConstraint("id", name="pk_notes"),
    )
    op.create_index("ix_notes_question_pk", "notes", ["question_pk"])
    op.create_table(
        "blocked_tags",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("site", "tag", name="pk_blocked_tags"),
    )
    op.create_table(
        "saved_filters",
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("filter", JSON, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("reviewer", "name", name="pk_saved_filters"),
    )


def _people() -> None:
    op.create_table(
        "reviewers",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_digest", sa.String(64), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("disabled_at", TIME, nullable=True),
        sa.UniqueConstraint("token_digest", name="uq_reviewers_token_digest"),
        sa.PrimaryKeyConstraint("name", name="pk_reviewers"),
    )
    op.create_table(
        "review_sessions",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_review_sessions"),
    )
    op.create_index("ix_review_sessions_expires_at", "review_sessions", ["expires_at"])


def _webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("event", sa.String(16), nullable=False),
        sa.Column("filter", JSON, nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("read_to", TIME, nullable=False),
        sa.Column("disabled_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_webhooks"),
    )
    op.create_table(
        "outgoing_events",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("webhook_id", BIG_ID, nullable=False),
        _question_key(),
        sa.Column("model_version_id", BIG_ID, nullable=False),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("next_try_at", TIME, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("delivered_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["webhook_id"],
            ["webhooks.id"],
            name="fk_outgoing_events_webhook_id_webhooks",
            ondelete="CASCADE",
        ),
        _of_question("outgoing_events"),
        sa.UniqueConstraint(
            "webhook_id", "question_pk", "model_version_id", name="uq_outgoing_events_webhook_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_outgoing_events"),
    )
    _partial_index("outgoing_events", ["next_try_at"], "delivered_at IS NULL", "due")


def _question_key() -> sa.Column[int]:
    return sa.Column("question_pk", BIG_ID, nullable=False)


def _of_question(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_question_pk_questions"
    return sa.ForeignKeyConstraint(["question_pk"], ["questions.id"], name=name, ondelete="CASCADE")


def _partial_index(table: str, columns: list[str], condition: str, name: str) -> None:
    where = sa.text(condition)
    op.create_index(
        f"ix_{table}_{name}", table, columns, sqlite_where=where, postgresql_where=where
    )
