"""Fills a database with as many questions and predictions as a large site has, by SQL alone.

Titles are of a few thousand words, tags are used as on real sites (a few of them very much), each
question has a prediction of ten tags, and some have been reviewed, skipped or disputed.
"""

from sqlalchemy import Engine, text

SITE = "stats"
REVIEWER = "ann"  # has saved and skipped some thousands
STEP = 100_000  # questions of one statement

BODY = "<p>" + "A sentence of a question, with a <code>word</code> of code. " * 12 + "</p>"


def fill(engine: Engine, questions: int) -> None:
    """Write the rows into a migrated, empty database; minutes for a million questions."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":  # its checks of each row, and triggers
            connection.execute(text("SET session_replication_role = replica"))
        connection.execute(text(_VERSION.replace("[SITE]", SITE)))
        for first in range(1, questions + 1, STEP):
            given = {"first": first, "last": min(first + STEP - 1, questions), "body": BODY}
            for statement in _OF_QUESTIONS:
                sql = _adapt(statement, engine)
                names = {name: value for name, value in given.items() if f":{name}" in sql}
                connection.execute(text(sql), names)
        for statement in _OF_REVIEWS:
            connection.execute(text(_adapt(statement, engine)))
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET session_replication_role = origin"))
            connection.execute(text(_SEQUENCE))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE" if engine.dialect.name != "sqlite" else "ANALYZE"))


def _adapt(statement: str, engine: Engine) -> str:
    """The dialect's own words for a series, a random share of one, and times."""
    if engine.dialect.name == "sqlite":
        series = (
            "(WITH RECURSIVE s(n) AS (SELECT {0} UNION ALL SELECT n + 1 FROM s WHERE n < {1}) "
            "SELECT n FROM s)"
        )
        words = {"RANDOM": "(abs(random()) % 1000000 / 1000000.0)", "YES": "1", "NO": "0"}
        words["TIME"] = "datetime('2026-01-01', '+' || {0} || ' seconds') || '.000000'"
        words["JSON_OF_TAG"] = "json_array({0})"
        words["ARRAY"] = "json_group_array({0})"
    else:
        series = "(SELECT n FROM generate_series({0}, {1}) AS n)"
        words = {"RANDOM": "random()", "YES": "true", "NO": "false"}
        words["TIME"] = "timestamptz '2026-01-01 00:00:00+00' + {0} * interval '1 second'"
        words["JSON_OF_TAG"] = "jsonb_build_array({0})"
        words["ARRAY"] = "array_agg({0} ORDER BY share DESC)"
    questions = series.format("CAST(:first AS bigint)", "CAST(:last AS bigint)")
    for name, part in (
        ("QUESTIONS", questions),
        ("SITE", SITE),
        ("REVIEWER", REVIEWER),
        ("TAG", _TAG),
        ("THREE", series.format(1, 3)),
        ("TEN", series.format(0, 9)),
        ("TIME_OF_N", words["TIME"].format("n")),
        ("TIME_OF_PK", words["TIME"].format("question_pk")),
        ("TAG_OF_N", words["JSON_OF_TAG"].format("'t' || (n % 50)")),
        ("TAGS", words["ARRAY"].format("tag")),
        ("SHARES", words["ARRAY"].format("share")),
        ("RANDOM", words["RANDOM"]),
        ("YES", words["YES"]),
        ("NO", words["NO"]),
    ):
        statement = statement.replace(f"[{name}]", part)
    return statement


_SEQUENCE = "SELECT setval(pg_get_serial_sequence('questions', 'id'), max(id)) FROM questions"

_VERSION = """
INSERT INTO model_versions (id, site, version, created_at, architecture, metrics, sha256, live)
VALUES (1, '[SITE]', 1, '2026-01-01 00:00:00+00:00', 'branched', '{}', '0', true)
"""

# Of each statement's rows a tag's number is small more often than large, by a cube.
_TAG = "'t' || CAST([RANDOM] * [RANDOM] * [RANDOM] * 3000 AS integer)"

_OF_QUESTIONS = (
    """
    INSERT INTO questions (id, site, question_id, title, body, author_tags, link, fetched_at,
                           content_hash, created_at, state)
    SELECT n, '[SITE]', n,
           'How to w' || (n * 7919 % 4001) || ' the w' || (n * 104729 % 3001) || ' of w' ||
           (n * 1299709 % 997) || ' in w' || (n % 89),
           :body, [TAG_OF_N], 'https://stats.example/questions/' || n, [TIME_OF_N], '0',
           [TIME_OF_N], CASE WHEN n % 20 = 0 THEN 'closed' ELSE 'open' END
    FROM [QUESTIONS] AS q
    """,
    """
    INSERT INTO question_tags (question_pk, site, tag)
    SELECT q.n, '[SITE]', [TAG] FROM [QUESTIONS] AS q, [THREE] AS k WHERE k.n > 0
    ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO predictions (question_pk, model_version_id, predicted_at, content_hash, scored_at,
                             tags, probabilities, suggested_count)
    SELECT n, 1, [TIME_OF_N], '0', CASE WHEN n % 1000 > 0 THEN [TIME_OF_N] END, [TAGS], [SHARES],
           sum(CASE WHEN share > 0.3 THEN 1 ELSE 0 END)
    FROM (
        SELECT n, tag, max(share) AS share FROM (
            SELECT q.n AS n, [TAG] AS tag, [RANDOM] / (1 + k.n) AS share
            FROM [QUESTIONS] AS q, [TEN] AS k
            LIMIT 10000000  -- or SQLite draws anew where it groups
        ) AS drawn GROUP BY n, tag ORDER BY n, share DESC LIMIT 10000000
    ) AS ranked GROUP BY n
    """,
    """
    INSERT INTO likely_tags (tag, predicted_at, question_pk, model_version_id)
    SELECT t.tag, p.predicted_at, p.question_pk, p.model_version_id
    FROM predictions p JOIN predicted_tags t
      ON t.question_pk = p.question_pk AND t.model_version_id = p.model_version_id
    WHERE p.question_pk BETWEEN :first AND :last AND (t.suggested OR t.probability >= 0.1)
    ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO review_queue (question_pk, site, model_version_id, predicted_at, uncertainty,
                              label_quality, reviews, conflicting)
    SELECT n, '[SITE]', 1, [TIME_OF_N], [RANDOM], [RANDOM],
           CASE WHEN n % 10 = 0 THEN 1 ELSE 0 END, n % 500 = 0
    FROM [QUESTIONS] AS q
    """,
)

_OF_REVIEWS = (
    """
    INSERT INTO reviews (question_pk, reviewer, at, outcome)
    SELECT question_pk, '[REVIEWER]', [TIME_OF_PK],
           CASE WHEN reviews = 1 THEN 'saved' ELSE 'skipped' END
    FROM review_queue WHERE question_pk % 100 < 2
    """,
    """
    INSERT INTO verdicts (question_pk, site, reviewer, tag, verdict, at)
    SELECT question_pk, '[SITE]', reviewer, 't1', 'accepted', at
    FROM reviews WHERE outcome = 'saved'
    """,
    """
    INSERT INTO verdicts (question_pk, site, reviewer, tag, verdict, at)
    SELECT question_pk, '[SITE]', 'bob', 't1', 'rejected', [TIME_OF_PK]
    FROM review_queue WHERE conflicting
    """,
    # As triggers have done already, where they were not left out.
    """
    INSERT INTO tag_uses (site, tag, slot, uses)
    SELECT site, tag, 0, count(*) FROM question_tags WHERE true GROUP BY site, tag
    ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO site_counts (site, slot, questions, tagged)
    SELECT site, 0, count(*), count(*) FROM questions WHERE true GROUP BY site
    ON CONFLICT DO NOTHING
    """,
)
