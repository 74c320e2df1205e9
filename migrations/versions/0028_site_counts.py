"""How many questions, tagged questions and tagging requests each site has, kept by triggers.

As 0026 does for tags: each of Postgres' writers at one time adds up rows of its own. The triggers
know of rows that come and go; `ops/site_merge.py`, which changes a row's site, adds up by itself.

Revision: 0028, after 0027
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"

# Which column counts the rows of a table. Locked in this order, which is that of their writers.
TABLES = {"questions": "questions", "tagging_requests": "requests", "review_queue": "tagged"}

COUNT = """
CREATE FUNCTION count_rows_of_sites() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  free integer := 0;
  one integer := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END;
BEGIN
  WHILE NOT pg_try_advisory_xact_lock(8021734, free) LOOP
    free := free + 1;
  END LOOP;
  INSERT INTO site_counts AS kept (site, slot, questions, requests, tagged)
  SELECT site, free,
         CASE TG_TABLE_NAME WHEN 'questions' THEN one * count(*) ELSE 0 END,
         CASE TG_TABLE_NAME WHEN 'tagging_requests' THEN one * count(*) ELSE 0 END,
         CASE TG_TABLE_NAME WHEN 'review_queue' THEN one * count(*) ELSE 0 END
  FROM changed GROUP BY site
  ON CONFLICT (site, slot) DO UPDATE SET questions = kept.questions + excluded.questions,
    requests = kept.requests + excluded.requests, tagged = kept.tagged + excluded.tagged;
  RETURN NULL;
END $$
"""
POSTGRES = """
CREATE TRIGGER {table}_{what} AFTER {verb} ON {table}
REFERENCING {row} TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_rows_of_sites()
"""
SQLITE = """
CREATE TRIGGER {table}_{what} AFTER {verb} ON {table} BEGIN
  INSERT INTO site_counts (site, slot, {column}) VALUES ({row}.site, 0, {one})
  ON CONFLICT (site, slot) DO UPDATE SET {column} = {column} + {one};
END
"""
CHANGES = (
    {"what": "inserted", "verb": "INSERT", "row": "NEW", "one": "1"},
    {"what": "deleted", "verb": "DELETE", "row": "OLD", "one": "-1"},
)

FILL = """
INSERT INTO site_counts (site, slot, {column}) SELECT site, 0, count(*) FROM {table} GROUP BY site
ON CONFLICT (site, slot) DO UPDATE SET {column} = excluded.{column}
"""


def upgrade() -> None:
    numbers = (
        sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")
        for name in ("questions", "requests", "tagged")
    )
    op.create_table(
        "site_counts",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        *numbers,
        sa.PrimaryKeyConstraint("site", "slot", name="pk_site_counts"),
        sqlite_with_rowid=False,
        postgresql_with={"fillfactor": 10},  # so that rows are written anew within their page
    )
    if _is_postgres():
        op.execute(COUNT)
    # First: on Postgres they let no writer begin before the rows are counted.
    for table, column in TABLES.items():
        for change in CHANGES:
            trigger = POSTGRES if _is_postgres() else SQLITE
            op.execute(trigger.format(table=table, column=column, **change))
    for table, column in TABLES.items():
        counted = FILL.format(table=table, column=column)
        # SQLite would take the ON for a join's.
        op.execute(counted.replace("GROUP BY", "WHERE true GROUP BY"))


def downgrade() -> None:
    for table in TABLES:
        for change in CHANGES:
            of_table = f" ON {table}" if _is_postgres() else ""
            op.execute(f"DROP TRIGGER {table}_{change['what']}{of_table}")
    if _is_postgres():
        op.execute("DROP FUNCTION count_rows_of_sites()")
    op.drop_table("site_counts")


def _is_postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"
