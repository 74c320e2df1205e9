"""How the tags of a prediction are best stored: as rows, or as arrays with an index of some kind.

Run: PYTHONPATH=. python benchmarks/prediction_layouts.py [--questions 1000000] [--written 20000]

Postgres holds the same predictions in each layout, with the view `tag_suggestions` on top of each.
Printed are what writing a question costs (in batches of 100, each committed: processor time of the
server's process, WAL, bytes on the disk) and how long the queries take, the median of three.
The layouts: rows, as until revision 0014; rows without foreign key and without the index of all
tags; arrays with a GIN index of the suggested ones; arrays with likely tags, as the program has.
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from arranged.review_rows import fill
from arranged.servers import database
from sqlalchemy import Engine, text
from sqlalchemy.engine import Connection

from core.database.engine import make_engine
from core.database.migrate import upgrade

BATCH = 100
KEPT = 10  # tags of a prediction
TIMES = 3
RARE, COMMON = "t2500", "t0"

PREDICTIONS = """
CREATE TABLE predictions (
  question_pk bigint NOT NULL REFERENCES questions ON DELETE CASCADE,
  model_version_id bigint NOT NULL REFERENCES model_versions,
  predicted_at timestamptz NOT NULL, content_hash varchar(64) NOT NULL, scored_at timestamptz,
  tags text[], probabilities float8[], suggested_count smallint,
  PRIMARY KEY (question_pk, model_version_id));
CREATE INDEX ON predictions (model_version_id);
CREATE INDEX ON predictions (predicted_at);
CREATE INDEX ON predictions (model_version_id) WHERE scored_at IS NULL;
"""
COPY_OF_ARRAYS = """
INSERT INTO predictions (question_pk, model_version_id, predicted_at, content_hash, scored_at,
                         tags, probabilities, suggested_count)
SELECT question_pk, model_version_id, predicted_at, content_hash, scored_at,
       tags, probabilities, suggested_count FROM public.predictions;
"""
TAGS = """
CREATE TABLE predicted_tags (
  question_pk bigint NOT NULL, model_version_id bigint NOT NULL, tag text NOT NULL,
  probability float8 NOT NULL, suggested boolean NOT NULL,
  PRIMARY KEY (question_pk, model_version_id, tag){foreign_key});
CREATE INDEX ON predicted_tags (tag, question_pk) WHERE suggested;
"""
FOREIGN_KEY = (
    ", FOREIGN KEY (question_pk, model_version_id) REFERENCES predictions ON DELETE CASCADE"
)
COPY_OF_ROWS = """
INSERT INTO predictions SELECT question_pk, model_version_id, predicted_at, content_hash, scored_at
FROM public.predictions;
INSERT INTO predicted_tags
SELECT question_pk, model_version_id, tag, probability, suggested FROM public.predicted_tags;
"""
UNNESTED = """
CREATE VIEW predicted_tags AS
SELECT p.question_pk, p.model_version_id, t.tag, t.probability,
       t.place <= p.suggested_count AS suggested
FROM predictions p
CROSS JOIN LATERAL unnest(p.tags, p.probabilities) WITH ORDINALITY AS t (tag, probability, place);
"""
SUGGESTED_INDEX = "CREATE INDEX ON predictions USING gin ((tags[1:suggested_count]));"
LIKELY_TAGS = """
CREATE TABLE likely_tags (
  tag text NOT NULL, predicted_at timestamptz NOT NULL, question_pk bigint NOT NULL,
  model_version_id bigint NOT NULL,
  PRIMARY KEY (tag, predicted_at, question_pk, model_version_id));
INSERT INTO likely_tags (tag, predicted_at, question_pk, model_version_id)
SELECT tag, predicted_at, question_pk, model_version_id FROM public.likely_tags;
CREATE TRIGGER predictions_inserted AFTER INSERT ON predictions
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_likely_tags();
CREATE TRIGGER predictions_deleted AFTER DELETE ON predictions
REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_likely_tags();
"""
VIEW = """
CREATE VIEW tag_suggestions AS
SELECT q.site, q.question_id, q.link, q.title, q.author_tags, t.tag, t.probability,
       (t.suggested AND NOT EXISTS (
         SELECT 1 FROM blocked_tags b WHERE b.site = q.site AND b.tag = t.tag)) AS suggested,
       m.version AS model_version, p.predicted_at
FROM predictions p
JOIN questions q ON q.id = p.question_pk
JOIN model_versions m ON m.id = p.model_version_id
JOIN predicted_tags t
  ON t.question_pk = p.question_pk AND t.model_version_id = p.model_version_id
WHERE NOT EXISTS (
  SELECT 1 FROM predictions later
  WHERE later.question_pk = p.question_pk
    AND (later.predicted_at > p.predicted_at
         OR (later.predicted_at = p.predicted_at AND later.model_version_id > p.model_version_id)))
"""


@dataclass(frozen=True, slots=True)
class Layout:
    """A way to store them.

    Attributes:
        name: also of its schema.
        statements: what makes and fills its tables, with the view `predicted_tags` where that is
            no table.
        by_tag: what gives the keys of the questions that :tag may be suggested for.
        columns: of `predictions`, besides those that every layout has.
    """

    name: str
    statements: tuple[str, ...]
    by_tag: str
    columns: tuple[str, ...] = ("tags", "probabilities", "suggested_count")


ROWS_BY_TAG = "SELECT question_pk FROM predicted_tags WHERE tag = :tag AND suggested"
LAYOUTS = (
    Layout(
        "rows",
        (
            PREDICTIONS,
            TAGS.format(foreign_key=FOREIGN_KEY),
            "CREATE INDEX ON predicted_tags (tag)",
            COPY_OF_ROWS,
        ),
        ROWS_BY_TAG,
        (),
    ),
    Layout(
        "rows_unchecked", (PREDICTIONS, TAGS.format(foreign_key=""), COPY_OF_ROWS), ROWS_BY_TAG, ()
    ),
    Layout(
        "arrays_gin",
        (PREDICTIONS, COPY_OF_ARRAYS, SUGGESTED_INDEX, UNNESTED),
        "SELECT question_pk FROM predictions WHERE tags[1:suggested_count] @> ARRAY[:tag]",
    ),
    Layout(
        "arrays_likely",
        (PREDICTIONS, COPY_OF_ARRAYS, LIKELY_TAGS, UNNESTED),
        "SELECT question_pk FROM likely_tags WHERE tag = :tag",
    ),
)

QUERIES = {
    "README's, the newest 100 rows": (
        "SELECT title, link, tag, probability FROM tag_suggestions WHERE site = 'stats' "
        "AND suggested ORDER BY predicted_at DESC, question_id, probability DESC LIMIT 100"
    ),
    "README's, all of the newest thousandth": (
        "SELECT title, link, tag, probability FROM tag_suggestions WHERE site = 'stats' "
        "AND suggested AND predicted_at >= :since "
        "ORDER BY predicted_at DESC, question_id, probability DESC"
    ),
    "the view, a rare tag": (
        "SELECT title, probability FROM tag_suggestions WHERE site = 'stats' "
        "AND suggested AND tag = 't2500' ORDER BY predicted_at DESC"
    ),
    "the view, above .9, 100": (
        "SELECT title, tag, probability FROM tag_suggestions WHERE site = 'stats' "
        "AND probability > 0.9 ORDER BY predicted_at DESC LIMIT 100"
    ),
    "tags of 500 questions": (
        "SELECT question_pk, tag, probability, suggested FROM predicted_tags "
        "WHERE question_pk = ANY (SELECT generate_series(:middle, :middle + 499)) "
        "ORDER BY probability DESC, tag"
    ),
    "tags of one question": (
        "SELECT tag, probability, suggested FROM predicted_tags "
        "WHERE question_pk = :middle AND model_version_id = 1 ORDER BY probability DESC, tag"
    ),
    "suggestions by tag, newest 20,000": (
        "SELECT t.tag, count(*) FROM predicted_tags t JOIN (SELECT question_pk FROM predictions "
        "WHERE model_version_id = 1 ORDER BY predicted_at DESC LIMIT 20000) AS newest "
        "ON newest.question_pk = t.question_pk WHERE t.model_version_id = 1 AND t.suggested "
        "GROUP BY t.tag"
    ),
}


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--questions", type=int, default=1_000_000)
    parser.add_argument("--written", type=int, default=20_000, help="of them one batch at a time")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, database("postgres", Path(name)) as (address, _):
        engine = make_engine(address)
        upgrade(engine)
        fill(engine, chosen.questions)
        print("| layout | µs of processor | WAL, bytes | on the disk, bytes | made in, s |")
        print("|---|---|---|---|---|")
        for layout in LAYOUTS:
            measure_writing(engine, layout, chosen.questions, chosen.written)
        print(f"\n| milliseconds | {' | '.join(layout.name for layout in LAYOUTS)} |")
        print(f"|---|{'---|' * len(LAYOUTS)}")
        for what, query in QUERIES.items():
            print_query(engine, what, [query] * len(LAYOUTS), chosen.questions)
        for tag in (RARE, COMMON):
            queries = [layout.by_tag.replace(":tag", f"'{tag}'") for layout in LAYOUTS]
            limited = [f"{query} LIMIT 2001" for query in queries]
            print_query(engine, f"keys by the tag {tag}", limited, chosen.questions)
        engine.dispose()


def measure_writing(engine: Engine, layout: Layout, questions: int, written: int) -> None:
    """Make a layout, and write some of it as a worker does; print its row."""
    first = questions - written + 1
    began = time.perf_counter()
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {layout.name}"))
        enter(connection, layout)
        for statements in (*layout.statements, VIEW):
            for statement in filter(str.strip, statements.split(";")):
                connection.execute(text(statement))
    seconds = time.perf_counter() - began
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        enter(connection, layout)
        if not layout.columns:
            connection.execute(text(f"DELETE FROM predicted_tags WHERE question_pk >= {first}"))  # noqa: S608
        connection.execute(text(f"DELETE FROM predictions WHERE question_pk >= {first}"))  # noqa: S608
        connection.execute(text("VACUUM ANALYZE"))
        connection.execute(text("CHECKPOINT"))  # pages go into the WAL once, as after any other
    with engine.connect() as connection:
        enter(connection, layout)
        connection.commit()
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        spent, wal = -processor(pid), -position(connection)
        for batch in batches(first, questions):
            write(connection, layout, batch)
            connection.commit()
        spent, wal = spent + processor(pid), wal + position(connection)
        tables = (
            "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c WHERE c.relkind = 'r' "
            "AND c.relnamespace = CAST(:name AS regnamespace)"
        )
        size = connection.execute(text(tables), {"name": layout.name}).scalar_one()
    print(
        f"| {layout.name} | {spent / 1e3 / written:.1f} | {wal / written:,.0f} "
        f"| {size / questions:,.0f} | {seconds:.0f} |",
        flush=True,
    )


def enter(connection: Connection, layout: Layout) -> None:
    """Let the layout's tables stand before the program's own."""
    connection.execute(text(f"SET search_path = {layout.name}, public"))


def batches(first: int, last: int) -> Iterator[list[tuple[int, list[str], list[float], int]]]:
    """A hundred predictions at a time: key, tags, probabilities, how many of them are suggested."""
    chance = random.Random(0)  # noqa: S311 (makes rows up)
    for start in range(first, last + 1, BATCH):
        batch = []
        for pk in range(start, min(start + BATCH, last + 1)):
            tags = list({f"t{int(3000 * chance.random() ** 3)}" for _ in range(KEPT)})
            shares = sorted((chance.random() / (1 + k) for k in range(len(tags))), reverse=True)
            batch.append((pk, tags, shares, sum(share > 0.3 for share in shares[:5])))
        yield batch


def write(connection: Connection, layout: Layout, batch: Sequence[Any]) -> None:
    """Write a batch by COPY."""
    driver: Any = connection.connection
    now = datetime.now(UTC)
    names = ("question_pk", "model_version_id", "predicted_at", "content_hash", *layout.columns)
    with driver.cursor() as cursor:
        with cursor.copy(f"COPY predictions ({', '.join(names)}) FROM STDIN") as copy:
            for pk, *arrays in batch:
                copy.write_row((pk, 1, now, "0" * 64, *(arrays if layout.columns else ())))
        if not layout.columns:
            with cursor.copy("COPY predicted_tags FROM STDIN") as copy:
                for pk, tags, shares, suggested in batch:
                    for place, (tag, share) in enumerate(zip(tags, shares, strict=True)):
                        copy.write_row((pk, 1, tag, share, place < suggested))


def print_query(engine: Engine, what: str, queries: Sequence[str], questions: int) -> None:
    """A row: the median of each layout."""
    since = "SELECT predicted_at FROM public.predictions WHERE question_pk = :pk"
    found = []
    for layout, query in zip(LAYOUTS, queries, strict=True):
        with engine.connect() as connection:
            at = connection.execute(text(since), {"pk": questions - questions // 1000})
            given = {"since": at.scalar_one(), "middle": questions // 2}
            given = {name: value for name, value in given.items() if f":{name}" in query}
            enter(connection, layout)
            seconds = []
            for _ in range(TIMES):
                began = time.perf_counter()
                connection.execute(text(query), given).all()
                seconds.append(time.perf_counter() - began)
            found.append(f"{statistics.median(seconds) * 1000:,.1f}")
    print(f"| {what} | {' | '.join(found)} |", flush=True)


def processor(pid: int) -> int:
    """Nanoseconds that a process has been on a processor."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])


def position(connection: Connection) -> int:
    """Bytes of WAL since the server was made."""
    here = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')"
    return int(connection.execute(text(here)).scalar_one())


if __name__ == "__main__":
    main()
