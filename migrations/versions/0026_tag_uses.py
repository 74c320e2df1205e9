"""How many questions of a site have each tag, kept by triggers: counting them reads them all.

Postgres' writers would wait for each other at a common tag, or each for the other; so each adds up
rows of its own, in a slot that it holds until its transaction ends. Their sum is the number.

Revision: 0026, after 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

# The first number is of our own, in Postgres' space of pairs.
POSTGRES = (
    """
CREATE FUNCTION count_tag_uses() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  free integer := 0;
BEGIN
  WHILE NOT pg_try_advisory_xact_lock(8021733, free) LOOP
    free := free + 1;
  END LOOP;
  IF TG_OP <> 'INSERT' THEN
    INSERT INTO tag_uses AS kept (site, tag, slot, uses)
    SELECT site, tag, free, -count(*) FROM removed GROUP BY site, tag
    ON CONFLICT (site, tag, slot) DO UPDATE SET uses = kept.uses + excluded.uses;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO tag_uses AS kept (site, tag, slot, uses)
    SELECT site, tag, free, count(*) FROM added GROUP BY site, tag
    ON CONFLICT (site, tag, slot) DO UPDATE SET uses = kept.uses + excluded.uses;
  END IF;
  RETURN NULL;
END $$
""",
    """
CREATE TRIGGER question_tags_inserted AFTER INSERT ON question_tags
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_tag_uses()
""",
    """
CREATE TRIGGER question_tags_deleted AFTER DELETE ON question_tags
REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION count_tag_uses()
""",
    """
CREATE TRIGGER question_tags_updated AFTER UPDATE ON question_tags
REFERENCING OLD TABLE AS removed NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION count_tag_uses()
""",
)

ADD = """
  INSERT INTO tag_uses (site, tag, slot, uses) VALUES ({row}.site, {row}.tag, 0, {one})
  ON CONFLICT (site, tag, slot) DO UPDATE SET uses = uses + {one};
"""
MORE, LESS = ADD.format(row="NEW", one="1"), ADD.format(row="OLD", one="-1")
SQLITE = (
    f"CREATE TRIGGER question_tags_inserted AFTER INSERT ON question_tags BEGIN {MORE} END",
    f"CREATE TRIGGER question_tags_deleted AFTER DELETE ON question_tags BEGIN {LESS} END",
    f"CREATE TRIGGER question_tags_updated AFTER UPDATE ON question_tags BEGIN {LESS} {MORE} END",
)

FILL = """
INSERT INTO tag_uses (site, tag, slot, uses)
SELECT site, tag, 0, count(*) FROM question_tags GROUP BY site, tag
"""


# What this revision and those up to 0031 change, in the order of their writers: first, so that an
# upgrade from 0025 holds nothing else by then. Where it is a deadlock with who writes in another
# order, all is done again.
LOCKS = (
    "LOCK TABLE model_versions IN ACCESS EXCLUSIVE MODE",
    """
LOCK TABLE questions, question_tags, tagging_requests, predictions, review_queue
IN SHARE ROW EXCLUSIVE MODE
""",
)


def upgrade() -> None:
    for lock in LOCKS if _is_postgres() else ():
        op.execute(lock)
    op.create_table(
        "tag_uses",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("uses", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "tag", "slot", name="pk_tag_uses"),
        sqlite_with_rowid=False,
        postgresql_with={"fillfactor": 50},  # so that rows are written anew within their page
    )
    # First: on Postgres they let no writer begin before the rows are counted.
    for statement in POSTGRES if _is_postgres() else SQLITE:
        op.execute(statement)
    op.execute(FILL)


def downgrade() -> None:
    for what in ("inserted", "deleted", "updated"):
        of_table = " ON question_tags" if _is_postgres() else ""
        op.execute(f"DROP TRIGGER question_tags_{what}{of_table}")
    if _is_postgres():
        op.execute("DROP FUNCTION count_tag_uses()")
    op.drop_table("tag_uses")


def _is_postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"
