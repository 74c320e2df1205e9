"""What statements read: pages on Postgres, steps on SQLite, and the tables that a plan reads whole.

Unlike milliseconds, these figures are the same on a busy machine, and from a cold disk.
"""

import textwrap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Engine, event, text

TABLES: Final = (
    *("questions", "question_tags", "predictions", "likely_tags", "review_queue"),
    *("tagging_requests", "reviews", "verdicts"),
)
LARGE: Final = 5_000  # rows of a table that no plan is to read all of
REMEMBERED: Final = "memo"  # threads that find what pages keep for some minutes: none waits
STEPS: Final = 100  # of SQLite's virtual machine, which are one of `work`
_EXPLAIN: Final = "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON)"


@dataclass
class Statement:
    """One that was sent.

    Attributes:
        work: pages that it touched, in memory or not; of SQLite hundreds of steps.
        plan: a line a step.
    """

    sql: str
    work: int = 0
    plan: list[str] = field(default_factory=list)
    whole: set[str] = field(default_factory=set)


class Statements:
    """Explains what an engine sends while a block lasts.

        statements = Statements(engine)
        with statements.explained() as sent:
            query()
        print(sum(one.work for one in sent))

    Each statement is run twice there, the first time within a savepoint of Postgres that is
    undone. What COPY and triggers read is not in the figures.
    """

    def __init__(self, engine: Engine) -> None:
        self._sent: list[Statement] | None = None
        self._large = _large_tables(engine)
        is_sqlite = engine.dialect.name == "sqlite"
        explain = self._explain_sqlite if is_sqlite else self._explain_postgres
        event.listen(engine, "before_cursor_execute", explain)
        if is_sqlite:
            event.listen(engine, "checkin", _count_no_more)

    @contextmanager
    def explained(self) -> Iterator[list[Statement]]:
        """The statements of the block, in their order."""
        self._sent = sent = []
        try:
            yield sent
        finally:
            self._sent = None

    def _begin(self, sql: str, *, many: bool) -> Statement | None:
        verb = sql.split(None, 1)[0]
        if self._sent is None or many or verb not in ("SELECT", "UPDATE", "DELETE", "INSERT"):
            return None
        if threading.current_thread().name.startswith(REMEMBERED):
            return None
        self._sent.append(Statement(sql))
        return self._sent[-1]

    def _explain_postgres(
        self, _: Any, cursor: Any, sql: str, given: Any, __: Any, many: bool
    ) -> None:
        statement = self._begin(sql, many=many)
        if statement is None:
            return
        with cursor.connection.cursor() as own:
            own.execute("SAVEPOINT explained")
            own.execute(f"{_EXPLAIN} {sql}", given)
            ((explained,),) = own.fetchone()
            own.execute("ROLLBACK TO SAVEPOINT explained")
        root = explained["Plan"]
        statement.work = root["Shared Hit Blocks"] + root["Shared Read Blocks"]
        statement.plan = list(_lines(root))
        statement.whole = set(self._read_whole(root, ends_early=False))

    def _read_whole(self, node: dict[str, Any], *, ends_early: bool) -> Iterator[str]:
        """The tables that a part of a plan reads all of; not where a limit ends it before."""
        kind = node["Node Type"]
        if kind == "Seq Scan" and node["Relation Name"] in self._large and not ends_early:
            rows = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            if rows * node["Actual Loops"] > LARGE:  # or an EXISTS ended it
                yield node["Relation Name"]
        for child in node.get("Plans", []):
            needs_all = kind in ("Sort", "Aggregate", "Hash", "Hash Join", "Gather Merge")
            early = kind == "Limit" or (ends_early and not needs_all)
            yield from self._read_whole(child, ends_early=early)

    def _explain_sqlite(
        self, _: Any, cursor: Any, sql: str, given: Any, __: Any, many: bool
    ) -> None:
        statement = self._begin(sql, many=many)
        if statement is None:
            return
        for *_, line in cursor.connection.execute(f"EXPLAIN QUERY PLAN {sql}", given):
            statement.plan.append(line)
            words = line.split()
            if words[0] == "SCAN" and "INDEX" not in words and words[1] in self._large:
                statement.whole.add(words[1])

        def count() -> None:
            statement.work += 1

        # It stays until the next statement: what is fetched later belongs to this one.
        cursor.connection.set_progress_handler(count, STEPS)


def _count_no_more(connection: Any, _: Any) -> None:
    """By the thread that used it: SQLite lets none other do so while a statement runs."""
    if connection is not None:
        connection.set_progress_handler(None, 0)


def _large_tables(engine: Engine) -> set[str]:
    count = "SELECT count(*) FROM (SELECT 1 FROM {} LIMIT {}) AS found"
    with engine.connect() as connection:
        return {
            name
            for name in TABLES
            if (connection.scalar(text(count.format(name, LARGE + 1))) or 0) > LARGE
        }


def _lines(node: dict[str, Any], depth: int = 0) -> Iterator[str]:
    pages = node["Shared Hit Blocks"] + node["Shared Read Blocks"]
    of = node.get("Index Name") or node.get("Relation Name") or ""
    rows = f"{node['Actual Rows']} rows x {node['Actual Loops']}, {node['Plan Rows']} expected"
    yield textwrap.indent(f"{node['Node Type']} {of}: {pages} pages, {rows}", "  " * depth)
    for child in node.get("Plans", []):
        yield from _lines(child, depth + 1)
