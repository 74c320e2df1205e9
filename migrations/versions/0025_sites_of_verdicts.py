"""Each verdict's site, by which verdicts are counted without a look at all their questions.

And an index of reviews by their time, for those of the last day.

Revision: 0025, after 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

FILL = """
UPDATE verdicts SET site = coalesce(
  (SELECT q.site FROM questions q WHERE q.id = verdicts.question_pk), '')
"""  # a shell of SQLite's may have deleted a question without its verdicts

# A review page of before, which runs on during the upgrade, gives none.
FILL_LATER = """
CREATE TRIGGER verdicts_without_site AFTER INSERT ON verdicts WHEN NEW.site = '' BEGIN
  UPDATE verdicts SET site = (SELECT q.site FROM questions q WHERE q.id = NEW.question_pk)
  WHERE question_pk = NEW.question_pk AND reviewer = NEW.reviewer AND tag = NEW.tag;
END
"""


def upgrade() -> None:
    # SQLite keeps the default, and adds no column without one.
    op.add_column("verdicts", sa.Column("site", sa.Text(), nullable=False, server_default=""))
    op.execute(FILL)
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("verdicts", "site", server_default=None)
    else:
        op.execute(FILL_LATER)
    op.create_index("ix_verdicts_site_tag_verdict", "verdicts", ["site", "tag", "verdict"])
    op.create_index("ix_reviews_at", "reviews", ["at"])


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER verdicts_without_site")
    op.drop_index("ix_reviews_at", "reviews")
    op.drop_index("ix_verdicts_site_tag_verdict", "verdicts")
    op.drop_column("verdicts", "site")
