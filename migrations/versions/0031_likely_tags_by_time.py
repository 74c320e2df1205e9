"""The time of its prediction in the key of each likely tag: a tag's newest questions are found.

Before, a tag's questions came in the order of their keys: all were looked up for their times, or
the newest predictions for their tags.

Revision: 0031, after 0030
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"

TIME = sa.DateTime(timezone=True)
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

BEFORE = ("tag", "question_pk", "model_version_id")
KEY = ("tag", "predicted_at", "question_pk", "model_version_id")

# In place, since people's own views, and what they are granted, hang on the table.
LOCK = "LOCK TABLE predictions IN SHARE ROW EXCLUSIVE MODE"
EMPTY = ("TRUNCATE likely_tags", "ALTER TABLE likely_tags DROP CONSTRAINT pk_likely_tags")
ADD_TIME = "ALTER TABLE likely_tags ADD COLUMN predicted_at timestamptz"
DROP_TIME = "ALTER TABLE likely_tags DROP COLUMN predicted_at"
ADD_KEY = "ALTER TABLE likely_tags ADD CONSTRAINT pk_likely_tags PRIMARY KEY (tag, {columns})"

# As migration 0014 has them, with other columns. Predictions are never given another time.
LIKELY = {
    "postgresql": """
INSERT INTO likely_tags (tag, {columns})
SELECT t.tag, {of_prediction}
FROM {predictions} p CROSS JOIN LATERAL
  unnest(p.tags, p.probabilities) WITH ORDINALITY AS t (tag, probability, place)
WHERE (t.place <= p.suggested_count OR t.probability >= 0.1)
""",
    "sqlite": """
INSERT INTO likely_tags (tag, {columns})
SELECT t.value, {of_prediction} FROM {predictions} p, json_each(p.tags) t
WHERE (t.key < p.suggested_count
       OR json_extract(p.probabilities, '$[' || t.key || ']') >= 0.1)
""",
}
# Where a version's prediction replaced its own while the clock had been set back, the queue kept
# the later time, and the scores of the former; a filter by tag finds a question by both times.
QUEUED = """
UPDATE review_queue SET uncertainty = NULL, label_quality = NULL, predicted_at = (
  SELECT p.predicted_at FROM predictions p WHERE p.question_pk = review_queue.question_pk
  AND p.model_version_id = review_queue.model_version_id)
WHERE EXISTS (
  SELECT 1 FROM predictions p WHERE p.question_pk = review_queue.question_pk
  AND p.model_version_id = review_queue.model_version_id
  AND p.predicted_at <> review_queue.predicted_at)
"""
FUNCTION = """
CREATE OR REPLACE FUNCTION keep_likely_tags() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN {of_changed};
  ELSE
    DELETE FROM likely_tags l USING changed p CROSS JOIN LATERAL unnest(p.tags) AS t (tag)
    WHERE l.tag = t.tag AND {same};
  END IF;
  RETURN NULL;
END $$
"""
TRIGGERS = (
    """
CREATE TRIGGER predictions_inserted AFTER INSERT ON predictions BEGIN {of_all}
  AND p.question_pk = NEW.question_pk AND p.model_version_id = NEW.model_version_id;
END
""",
    """
CREATE TRIGGER predictions_deleted AFTER DELETE ON predictions BEGIN
  DELETE FROM likely_tags WHERE tag IN (SELECT value FROM json_each(OLD.tags)) AND {same_as_old};
END
""",
)


def upgrade() -> None:
    if _is_postgres():
        _run(KEY, LOCK, *EMPTY, ADD_TIME, FUNCTION, "{of_all}", ADD_KEY, QUEUED)
    else:
        _make_anew(KEY)
        op.execute(QUEUED)


def downgrade() -> None:
    if _is_postgres():
        _run(BEFORE, LOCK, *EMPTY, DROP_TIME, FUNCTION, "{of_all}", ADD_KEY)
    else:
        _make_anew(BEFORE)


def _make_anew(key: tuple[str, ...]) -> None:
    """SQLite's table, whose key is all that there is of it, and its triggers."""
    for trigger in ("predictions_inserted", "predictions_deleted"):
        op.execute(f"DROP TRIGGER {trigger}")
    op.drop_table("likely_tags")
    types: dict[str, Any] = {"tag": sa.Text(), "predicted_at": TIME}
    op.create_table(
        "likely_tags",
        *(sa.Column(name, types.get(name, BIG_ID), nullable=False) for name in key),
        sa.PrimaryKeyConstraint(*key, name="pk_likely_tags"),
        sqlite_with_rowid=False,
    )
    _run(key, "{of_all}", *TRIGGERS)


def _run(key: tuple[str, ...], *statements: str) -> None:
    """Run statements for the columns of a key."""
    columns = key[1:]
    words = {
        "columns": ", ".join(columns),
        "of_prediction": ", ".join(f"p.{name}" for name in columns),
        "same": " AND ".join(f"l.{name} = p.{name}" for name in columns),
        "same_as_old": " AND ".join(f"{name} = OLD.{name}" for name in columns),
    }
    likely = LIKELY[op.get_bind().dialect.name]
    words["of_all"] = likely.format(predictions="predictions", **words)
    words["of_changed"] = likely.format(predictions="changed", **words)
    for statement in statements:
        op.execute(statement.format(**words))


def _is_postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"
