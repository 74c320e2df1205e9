"""Tagging requests: a narrow table for what tagging changes, out of the wide row of a question.

Those of before come after what the live feed asks for from now on.

Revision: 0010, after 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

TIME = sa.DateTime(timezone=True)
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

MARKS = ("enqueued_at", "attempts", "error", "parked_at")  # by the same names in both tables

# A mark without a request, which no part of the program sets, is kept only where it is parked.
FILL = f"""
INSERT INTO tagging_requests (question_pk, site, priority, requested_at, {", ".join(MARKS)})
SELECT id, site, 1, coalesce(wanted_at, parked_at), {", ".join(MARKS)}
FROM questions WHERE wanted_at IS NOT NULL OR parked_at IS NOT NULL
ORDER BY id
"""  # noqa: S608 (names of columns)

FILL_BACK = """
UPDATE questions SET (wanted_at, enqueued_at, attempts, error, parked_at) = (
  SELECT r.requested_at, r.enqueued_at, r.attempts, r.error, r.parked_at
  FROM tagging_requests r WHERE r.question_pk = questions.id
)
WHERE id IN (SELECT question_pk FROM tagging_requests)
"""

# Pages keep room for two more versions of each row, so that a change stays within its page; what
# is dead is looked for after some thousands of rows, however large the table has become.
FOR_A_QUEUE = """
ALTER TABLE tagging_requests SET (
  fillfactor = 50,
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_threshold = 2000,
  autovacuum_vacuum_insert_scale_factor = 0.2,
  autovacuum_analyze_scale_factor = 0.05,
  autovacuum_analyze_threshold = 2000,
  autovacuum_vacuum_cost_delay = 0
)
"""


def upgrade() -> None:
    op.create_table(
        "tagging_requests",
        sa.Column("question_pk", BIG_ID, nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("requested_at", TIME, nullable=False),
        sa.Column("enqueued_at", TIME, nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("parked_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["question_pk"],
            ["questions.id"],
            name="fk_tagging_requests_question_pk_questions",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("question_pk", name="pk_tagging_requests"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(FOR_A_QUEUE)
    op.execute(FILL)
    _index(
        "tagging_requests",
        "pending",
        ["priority", "requested_at", "question_pk"],
        "parked_at IS NULL",
    )
    _index("tagging_requests", "parked", ["parked_at"], "parked_at IS NOT NULL")
    op.drop_index("ix_questions_pending", "questions")
    op.drop_index("ix_questions_parked", "questions")
    for column in ("wanted_at", *MARKS):
        op.drop_column("questions", column)


def downgrade() -> None:
    for column in ("wanted_at", "enqueued_at", "parked_at"):
        op.add_column("questions", sa.Column(column, TIME, nullable=True))
    attempts = sa.Column("attempts", sa.Integer(), server_default="0", nullable=False)
    op.add_column("questions", attempts)
    op.add_column("questions", sa.Column("error", sa.Text(), nullable=True))
    op.execute(FILL_BACK)
    _index("questions", "pending", ["wanted_at"], "wanted_at IS NOT NULL")
    _index("questions", "parked", ["parked_at"], "parked_at IS NOT NULL")
    op.drop_table("tagging_requests")


def _index(table: str, name: str, columns: list[str], which: str) -> None:
    """An index of a site's rows, of some of them."""
    where = sa.text(which)
    op.create_index(
        f"ix_{table}_{name}",
        table,
        ["site", *columns],
        sqlite_where=where,
        postgresql_where=where,
    )
