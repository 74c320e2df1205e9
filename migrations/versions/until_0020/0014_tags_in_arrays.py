"""The tags of a prediction in arrays of its row, and a narrow table to find questions by tag.

They were ten rows of `predicted_tags`, each in three indexes and checked against its prediction.
That name is a view from now on, of the same columns. Of `likely_tags` there are some two or three
rows a prediction, which triggers write and delete; the arrays themselves are never updated.

Revision: 0014, after 0013
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0014"
down_revision = "0013"

TIME = sa.DateTime(timezone=True)
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXTS = sa.JSON().with_variant(ARRAY(sa.Text), "postgresql")
FLOATS = sa.JSON().with_variant(ARRAY(sa.Float(53)), "postgresql")
STEP = 100_000  # questions whose tags are gathered by one statement: Postgres sorts them in memory

SAME = "question_pk, model_version_id, predicted_at, content_hash, scored_at"
ORDER = "suggested DESC, probability DESC, tag"
OF_PREDICTION = f"""
SELECT * FROM predicted_tags t
WHERE t.question_pk = p.question_pk AND t.model_version_id = p.model_version_id
ORDER BY {ORDER} LIMIT 1000
"""  # noqa: S608
GATHER = {
    "postgresql": f"""
INSERT INTO predictions ({SAME}, tags, probabilities, suggested_count)
SELECT {SAME}, coalesce(tags, '{{}}'), coalesce(probabilities, '{{}}'), coalesce(suggested_count, 0)
FROM predictions_of_before LEFT JOIN (
  SELECT question_pk, model_version_id, array_agg(tag ORDER BY {ORDER}) AS tags,
         array_agg(probability ORDER BY {ORDER}) AS probabilities,
         count(*) FILTER (WHERE suggested) AS suggested_count
  FROM predicted_tags WHERE question_pk BETWEEN :first AND :last
  GROUP BY question_pk, model_version_id
) AS gathered USING (question_pk, model_version_id)
WHERE question_pk BETWEEN :first AND :last
""",  # noqa: S608 (names of columns)
    # SQLite may leave out the order of a subquery without a limit; by itself it writes 15 digits.
    "sqlite": f"""
INSERT INTO predictions ({SAME}, tags, probabilities, suggested_count)
SELECT {SAME}, (SELECT json_group_array(tag) FROM ({OF_PREDICTION})),
       (SELECT json_group_array(json(printf('%!.17g', probability))) FROM ({OF_PREDICTION})),
       (SELECT count(*) FROM ({OF_PREDICTION}) WHERE suggested)
FROM predictions_of_before p WHERE question_pk BETWEEN :first AND :last
""",  # noqa: S608
}

# The tags of a row of predictions, as rows t, and what they are called there.
EACH = {
    "postgresql": (
        "unnest({0}.tags, {0}.probabilities) WITH ORDINALITY AS t (tag, probability, place)"
    ),
    "sqlite": "json_each({0}.tags) t",
}
TAG = {"postgresql": "t.tag", "sqlite": "t.value"}
PROBABILITY = {
    "postgresql": "t.probability",
    "sqlite": "json_extract({0}.probabilities, '$[' || t.key || ']')",
}
SUGGESTED = {
    "postgresql": "t.place <= {0}.suggested_count",
    "sqlite": "t.key < {0}.suggested_count",
}

# All that is at least as probable as core/database/views.py says.
IS_LIKELY = "{suggested} OR {probability} >= 0.1"
TRIGGERS = {
    "postgresql": (
        """
CREATE FUNCTION keep_likely_tags() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO likely_tags (tag, question_pk, model_version_id)
    SELECT {tag}, p.question_pk, p.model_version_id
    FROM changed p CROSS JOIN LATERAL {each} WHERE {likely};
  ELSE
    DELETE FROM likely_tags l USING changed p CROSS JOIN LATERAL {each}
    WHERE l.tag = {tag} AND l.question_pk = p.question_pk
      AND l.model_version_id = p.model_version_id;
  END IF;
  RETURN NULL;
END $$
""",
        """
CREATE TRIGGER predictions_inserted AFTER INSERT ON predictions
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_likely_tags()
""",
        """
CREATE TRIGGER predictions_deleted AFTER DELETE ON predictions
REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_likely_tags()
""",
    ),
    "sqlite": (
        """
CREATE TRIGGER predictions_inserted AFTER INSERT ON predictions BEGIN
  INSERT INTO likely_tags (tag, question_pk, model_version_id)
  SELECT {tag}, p.question_pk, p.model_version_id FROM predictions p, {each}
  WHERE p.question_pk = NEW.question_pk AND p.model_version_id = NEW.model_version_id
    AND ({likely});
END
""",
        """
CREATE TRIGGER predictions_deleted AFTER DELETE ON predictions BEGIN
  DELETE FROM likely_tags WHERE tag IN (SELECT value FROM json_each(OLD.tags))
    AND question_pk = OLD.question_pk AND model_version_id = OLD.model_version_id;
END
""",
    ),
}

PREDICTED_TAGS = """
CREATE VIEW predicted_tags AS
SELECT p.question_pk, p.model_version_id, {tag} AS tag, {probability} AS probability,
       {suggested} AS suggested
FROM predictions p CROSS JOIN {lateral}{each}
"""

# As migration 0006 has both.
VERDICT = """(
  SELECT CASE
    WHEN sum(CASE WHEN v.settles THEN 1 ELSE 0 END) > 0
      THEN max(CASE WHEN v.settles THEN v.verdict END)
    WHEN sum(CASE WHEN v.verdict = 'rejected' THEN 1 ELSE -1 END) > 0 THEN 'rejected'
    WHEN sum(CASE WHEN v.verdict = 'rejected' THEN 1 ELSE -1 END) < 0
      THEN min(CASE WHEN v.verdict <> 'rejected' THEN v.verdict END)
    WHEN count(*) > 0 THEN 'disputed'
  END
  FROM verdicts v WHERE v.question_pk = p.question_pk AND v.tag = {tag}
)"""
UNBLOCKED = """NOT EXISTS (
  SELECT 1 FROM blocked_tags b WHERE b.site = q.site AND b.tag = {tag}
)"""
IS_NEWEST = """NOT EXISTS (
  SELECT 1 FROM predictions later
  WHERE later.question_pk = p.question_pk
    AND (later.predicted_at > p.predicted_at
         OR (later.predicted_at = p.predicted_at AND later.model_version_id > p.model_version_id))
)"""
TAG_SUGGESTIONS = """
CREATE VIEW tag_suggestions AS
SELECT q.site, q.question_id, q.link, q.title, q.author_tags, {tag} AS tag,
       {probability} AS probability, ({suggested} AND {unblocked}) AS suggested,
       {verdict} AS verdict, m.version AS model_version, p.predicted_at
FROM predictions p
JOIN questions q ON q.id = p.question_pk
JOIN model_versions m ON m.id = p.model_version_id
{tags}
WHERE {newest}
"""
ROWS_OF_BEFORE = (
    "JOIN predicted_tags t "
    "ON t.question_pk = p.question_pk AND t.model_version_id = p.model_version_id"
)

# From the tag to the questions, where the other view goes from the questions to their tags.
SUGGESTIONS_BY_TAG = """
CREATE VIEW suggestions_by_tag AS
SELECT q.site, q.question_id, q.link, q.title, q.author_tags, l.tag,
       {probability} AS probability, {verdict} AS verdict, m.version AS model_version,
       p.predicted_at
FROM likely_tags l
JOIN predictions p
  ON p.question_pk = l.question_pk AND p.model_version_id = l.model_version_id
JOIN questions q ON q.id = l.question_pk
JOIN model_versions m ON m.id = l.model_version_id
CROSS JOIN {lateral}{each}
WHERE {tag} = l.tag AND {suggested} AND {unblocked} AND {newest}
"""


def upgrade() -> None:
    op.execute("DROP VIEW tag_suggestions")
    _rename_predictions()
    _create_predictions()
    _create_likely_tags()
    _in_steps(GATHER[_dialect()], "predictions_of_before")
    op.drop_table("predicted_tags")
    op.drop_table("predictions_of_before")
    _index_predictions()
    op.execute(_adapt(PREDICTED_TAGS))
    op.execute(_adapt(TAG_SUGGESTIONS))
    op.execute(_adapt(SUGGESTIONS_BY_TAG))


def downgrade() -> None:
    for view in ("suggestions_by_tag", "tag_suggestions", "predicted_tags"):
        op.execute(f"DROP VIEW {view}")
    _create_predicted_tags()
    spread = (
        "INSERT INTO predicted_tags (question_pk, model_version_id, tag, probability, suggested) "
        "SELECT p.question_pk, p.model_version_id, {tag}, {probability}, {suggested} "
        "FROM predictions p CROSS JOIN {lateral}{each} WHERE p.question_pk BETWEEN :first AND :last"
    )
    _in_steps(_adapt(spread), "predictions")
    _index_predicted_tags()
    for trigger in ("predictions_inserted", "predictions_deleted"):
        of_table = " ON predictions" if _dialect() == "postgresql" else ""
        op.execute(f"DROP TRIGGER {trigger}{of_table}")
    if _dialect() == "postgresql":
        op.execute("DROP FUNCTION keep_likely_tags()")
    op.drop_table("likely_tags")
    for column in ("tags", "probabilities", "suggested_count"):
        op.drop_column("predictions", column)
    op.execute(_of_rows(TAG_SUGGESTIONS))


def _dialect() -> str:
    return op.get_bind().dialect.name


def _adapt(statement: str, row: str = "p") -> str:
    """The statement in the dialect's words, for tags of that row."""
    words = {
        "tag": TAG[_dialect()],
        "probability": PROBABILITY[_dialect()].format(row),
        "suggested": SUGGESTED[_dialect()].format(row),
        "each": EACH[_dialect()].format(row),
        "lateral": "LATERAL " if _dialect() == "postgresql" else "",
        "newest": IS_NEWEST,
    }
    words["tags"] = f"CROSS JOIN {words['lateral']}{words['each']}"
    words["likely"] = IS_LIKELY.format(**words)
    return _fill(statement, words)


def _of_rows(statement: str) -> str:
    """The same where each tag is a row t of `predicted_tags`."""
    words = {name: f"t.{name}" for name in ("tag", "probability", "suggested")}
    return _fill(statement, words | {"tags": ROWS_OF_BEFORE, "newest": IS_NEWEST})


def _fill(statement: str, words: dict[str, str]) -> str:
    common = {"verdict": VERDICT.format(**words), "unblocked": UNBLOCKED.format(**words)}
    return statement.format(**words, **common)


def _in_steps(statement: str, table: str) -> None:
    """Run a statement for all questions of a table, some at a time."""
    bounds = sa.text(f"SELECT min(question_pk), max(question_pk) FROM {table}")  # noqa: S608
    first, last = op.get_bind().execute(bounds).one()
    for start in range(first or 0, (last or -1) + 1, STEP):
        step = {"first": start, "last": start + STEP - 1}
        op.get_bind().execute(sa.text(statement), step)


def _rename_predictions() -> None:
    for name in ("model_version_id", "predicted_at", "unscored"):
        op.drop_index(f"ix_predictions_{name}", "predictions")
    op.rename_table("predictions", "predictions_of_before")
    if _dialect() == "postgresql":
        op.execute(
            "ALTER TABLE predictions_of_before "
            "RENAME CONSTRAINT pk_predictions TO pk_predictions_of_before"
        )


def _create_predictions() -> None:
    op.create_table(
        "predictions",
        sa.Column("question_pk", BIG_ID, nullable=False),
        sa.Column("model_version_id", BIG_ID, nullable=False),
        sa.Column("predicted_at", TIME, nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("tags", TEXTS, nullable=False),
        sa.Column("probabilities", FLOATS, nullable=False),
        sa.Column("suggested_count", sa.SmallInteger(), nullable=False),
        sa.Column("scored_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["question_pk"],
            ["questions.id"],
            name="fk_predictions_question_pk_questions",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["model_version_id"],
            ["model_versions.id"],
            name="fk_predictions_model_version_id_model_versions",
        ),
        sa.PrimaryKeyConstraint("question_pk", "model_version_id", name="pk_predictions"),
    )


def _index_predictions() -> None:
    op.create_index("ix_predictions_model_version_id", "predictions", ["model_version_id"])
    op.create_index("ix_predictions_predicted_at", "predictions", ["predicted_at"])
    unscored = sa.text("scored_at IS NULL")
    op.create_index(
        "ix_predictions_unscored",
        "predictions",
        ["model_version_id"],
        sqlite_where=unscored,
        postgresql_where=unscored,
    )


def _create_likely_tags() -> None:
    op.create_table(
        "likely_tags",
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("question_pk", BIG_ID, nullable=False),
        sa.Column("model_version_id", BIG_ID, nullable=False),
        sa.PrimaryKeyConstraint("tag", "question_pk", "model_version_id", name="pk_likely_tags"),
        sqlite_with_rowid=False,  # the key is all that there is of it
    )
    for trigger in TRIGGERS[_dialect()]:
        op.execute(_adapt(trigger))


def _create_predicted_tags() -> None:
    op.create_table(
        "predicted_tags",
        sa.Column("question_pk", BIG_ID, nullable=False),
        sa.Column("model_version_id", BIG_ID, nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("probability", sa.Float(53), nullable=False),
        sa.Column("suggested", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["question_pk", "model_version_id"],
            ["predictions.question_pk", "predictions.model_version_id"],
            name="fk_predicted_tags_question_pk_predictions",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("question_pk", "model_version_id", "tag", name="pk_predicted_tags"),
    )


def _index_predicted_tags() -> None:
    op.create_index("ix_predicted_tags_tag", "predicted_tags", ["tag"])
    suggested = sa.text("suggested")
    op.create_index(
        "ix_predicted_tags_suggested",
        "predicted_tags",
        ["tag", "question_pk"],
        sqlite_where=suggested,
        postgresql_where=suggested,
    )
