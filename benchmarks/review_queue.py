"""What a reviewer waits for on the server: the next question of every kind, and what is decided.

Run: PYTHONPATH=. python benchmarks/review_queue.py --questions 1000000 --database postgres
     PYTHONPATH=. python benchmarks/review_queue.py --questions 100000 --database sqlite

For each kind of request the median and the 95th percentile in milliseconds, and that of this
process' own processor time (which with SQLite is all of it), over so many requests of reviewers,
each of whom decides on what comes. `--folder` keeps the database for another time; `--explain`
prints the plan of each kind's slowest statement. It takes 5,000 questions to have the rare tag.
"""

import argparse
import random
import statistics
import tempfile
import time
import uuid
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from arranged.review_rows import REVIEWER, SITE, fill
from arranged.servers import engine_in
from sqlalchemy import Engine, event, func, select

from core.database.engine import reading
from core.database.migrate import upgrade
from core.database.tables import Question
from review.decisions.bulk import BulkVerdict, preview_bulk, save_bulk
from review.decisions.filters import Order, QueueFilter
from review.decisions.history import list_history
from review.decisions.previews import read_previews
from review.decisions.question_view import view_question
from review.decisions.queue import next_question
from review.decisions.save import Asked, Decision, save, skip
from review.decisions.undo import undo_newest
from review.decisions.walk import Asking
from review.measures.agreement import measure_anchoring, pair_agreements
from review.measures.progress import count_verdicts_since_training

REQUESTS = 40  # of each kind
REVIEWERS = (REVIEWER, "bob", "eve", "dan")

ORDERS: tuple[Order, ...] = ("newest", "uncertain", "disputed", "random", "conflicts")
FILTERS: dict[str, dict[str, Any]] = {
    "no filter": {},
    "a common suggested tag": {"suggested": "t0"},
    "a rare suggested tag": {"suggested": "t1000"},
    "no such tag": {"suggested": "none"},
    "a common author tag": {"author": "t0"},
    "a rare author tag": {"author": "t1000"},
    "either, of middling use": {"tag": "t300"},
    "either, and probable": {"tag": "t5", "min_probability": 0.95},
    "probable": {"min_probability": 0.99},
    "a word of the title": {"q": "w17"},
    "a word of no title": {"q": "quinces"},
    "a common tag, a word of no title": {"suggested": "t0", "q": "quinces"},
    "closed": {"state": "closed"},
    "since a day": {"since": datetime(2026, 1, 2, tzinfo=UTC)},
}


def main() -> None:
    """Fill the database, unless it is there, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--questions", type=int, default=100_000)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--explain", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        with engine_in(given.database, folder) as engine:
            begun = time.perf_counter()
            if upgrade(engine):
                fill(engine, given.questions)
            print(f"{given.questions:,} questions in {given.database}", end=", ")
            print(f"made in {time.perf_counter() - begun:.0f} s")
            print(f"{'milliseconds':44}{'median':>8}{'95 %':>8}{'CPU 95 %':>10}")
            bench = Bench(engine, explain=given.explain)
            bench.queues()
            bench.decisions()


class Bench:
    """Makes requests of each kind and prints their times."""

    def __init__(self, engine: Engine, *, explain: bool) -> None:
        self._engine = engine
        self._rng = random.Random(0)  # noqa: S311 (spreads requests)
        self._seen: deque[tuple[str, int]] = deque(maxlen=60)  # as a page names them
        self._statements: list[tuple[float, str, Any]] = []
        self._explain = explain
        self._last = 0  # the number of the last question, of those that are decided on
        if explain:
            self._listen()

    def _listen(self) -> None:
        @event.listens_for(self._engine, "before_cursor_execute")
        def begin(_: Any, __: Any, ___: Any, ____: Any, context: Any, _____: Any) -> None:
            context.begun = time.perf_counter()

        @event.listens_for(self._engine, "after_cursor_execute")
        def end(_: Any, __: Any, sql: str, given: Any, context: Any, ____: Any) -> None:
            self._statements.append((time.perf_counter() - context.begun, sql, given))

    def measure(
        self,
        name: str,
        request: Callable[[], object],
        *,
        times: int = REQUESTS,
        after: Callable[[], object] = lambda: None,
    ) -> None:
        """Print the times of one kind of request; the first, which fills caches, does not count.

        What comes `after` each one belongs to no time.
        """
        request()
        after()
        self._statements.clear()
        milliseconds, own = [], []
        for _ in range(times):
            begun, begun_cpu = time.perf_counter(), time.process_time()
            request()
            milliseconds.append((time.perf_counter() - begun) * 1000)
            own.append((time.process_time() - begun_cpu) * 1000)
            after()
        slow, slow_cpu = (statistics.quantiles(times_, n=20)[-1] for times_ in (milliseconds, own))
        print(
            f"{name:44}{statistics.median(milliseconds):8.1f}{slow:8.1f}{slow_cpu:10.1f}",
            flush=True,
        )
        if self._explain and slow > 60:
            self._print_plan()

    def _print_plan(self) -> None:
        seconds, sql, given = max(self._statements, key=lambda one: one[0])
        prefix = (
            "EXPLAIN QUERY PLAN" if self._engine.dialect.name == "sqlite" else "EXPLAIN ANALYZE"
        )
        with self._engine.connect() as connection:
            plan = connection.exec_driver_sql(f"{prefix} {sql}", given)
            print(f"    {seconds * 1000:.0f} ms: {' '.join(sql.split())[:1500]}")
            for row in plan:
                print("      ", *row)

    def queues(self) -> None:
        """Every order with every filter, as a page asks for the next question."""
        for order in ORDERS:
            for name, chosen in FILTERS.items():
                if order == "conflicts" and name != "no filter":
                    continue
                filter_ = QueueFilter(site=SITE, **chosen)
                self.measure(f"next: {order}, {name}", lambda o=order, f=filter_: self._next(o, f))

    def _next(self, order: Order, chosen: QueueFilter) -> None:
        reviewer = self._rng.choice(REVIEWERS)
        asking = Asking(reviewer, order, chosen, tuple(self._seen), datetime.now(UTC))
        found = next_question(self._engine, asking)
        if found is None:
            return
        with reading(self._engine) as connection:
            view = view_question(connection, found.pk, reviewer)
        self._seen.append((SITE, view.question.question_id))

    def decisions(self) -> None:
        """What a reviewer does with a question, and around it."""
        with reading(self._engine) as connection:
            self._last = connection.execute(select(func.max(Question.question_id))).scalar_one()
        self.measure("save", self._save)
        self.measure("skip", self._skip)
        self.measure("undo", self._undo, times=30)
        self.measure("history", lambda: self._read(list_history, "eve"))
        for name, tag in (("common", "t0"), ("rare", "t1000")):
            said = BulkVerdict(SITE, QueueFilter(site=SITE), tag, "accepted")
            self.measure(f"bulk preview, a {name} tag", lambda s=said: self._read_bulk(s))
        count = self._bulk()
        self._undo()
        self.measure(f"bulk verdict on {count} questions", self._bulk, times=10, after=self._undo)
        self._bulk()
        self.measure(f"undo of {count} questions", self._undo, times=10, after=self._bulk)
        self._undo()
        self.measure("verdicts since the last training", self._since, times=20)
        self.measure("agreement and anchoring, once in 30 s", self._agreement, times=5)

    def _asked(self) -> Asked:
        number = self._rng.randint(1, self._last)
        return Asked("eve", uuid.uuid4().hex, SITE, number, datetime.now(UTC))

    def _save(self) -> None:
        verdicts = {"t0": "accepted", "t1": "rejected", "t2": "added"}
        with self._engine.begin() as connection:
            save(connection, self._asked(), Decision(verdicts=verdicts))

    def _skip(self) -> None:
        with self._engine.begin() as connection:
            skip(connection, self._asked())

    def _undo(self) -> None:
        with self._engine.begin() as connection:
            undo_newest(connection, "eve", now=datetime.now(UTC))

    def _read(self, read: Callable[..., object], *given: Any) -> None:
        with reading(self._engine) as connection:
            read(connection, *given)

    def _read_bulk(self, said: BulkVerdict) -> None:
        with reading(self._engine) as connection:
            read_previews(connection, preview_bulk(connection, said, "eve").first)

    def _bulk(self) -> int:
        said = BulkVerdict(SITE, QueueFilter(site=SITE), "t1000", "accepted")
        with self._engine.begin() as connection:
            request, now = uuid.uuid4().hex, datetime.now(UTC)
            return save_bulk(connection, said, reviewer="eve", request_id=request, now=now).count

    def _since(self) -> None:
        self._read(count_verdicts_since_training, SITE)

    def _agreement(self) -> None:
        self._read(pair_agreements, SITE)
        self._read(measure_anchoring, SITE)


if __name__ == "__main__":
    main()
