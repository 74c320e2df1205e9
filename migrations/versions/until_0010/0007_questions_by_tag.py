"""Questions by tag: their authors' tags as rows, and an index of what is suggested.

Revision: 0007, after 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# How each database reads an array of JSON as rows.
ELEMENTS = {"sqlite": "json_each", "postgresql": "jsonb_array_elements_text"}

FILL_TAGS = """
INSERT INTO question_tags (question_pk, tag, site)
SELECT DISTINCT q.id, t.value, q.site FROM questions q, {elements}(q.author_tags) AS t
"""


def upgrade() -> None:
    op.create_table(
        "question_tags",
        sa.Column("question_pk", BIG_ID, nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["question_pk"],
            ["questions.id"],
            name="fk_question_tags_question_pk_questions",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("question_pk", "tag", name="pk_question_tags"),
    )
    op.execute(sa.text(FILL_TAGS.format(elements=ELEMENTS[op.get_bind().dialect.name])))
    op.create_index("ix_question_tags_site_tag", "question_tags", ["site", "tag", "question_pk"])
    suggested = sa.text("suggested")
    op.create_index(
        "ix_predicted_tags_suggested",
        "predicted_tags",
        ["tag", "question_pk"],
        sqlite_where=suggested,
        postgresql_where=suggested,
    )


def downgrade() -> None:
    op.drop_index("ix_predicted_tags_suggested", "predicted_tags")
    op.drop_table("question_tags")
