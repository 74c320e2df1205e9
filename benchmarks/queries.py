"""Every query that a person or the service makes, by how many questions there are, and its plan.

Run: PYTHONPATH=. python benchmarks/queries.py [--sizes 10000 1000000] [--database postgres]
         [--folder FOLDER] [--only NAME] [--plans]

Prints a row a query: at each size (10000000 takes twenty minutes to an hour and 33 GB) the least of
some times in milliseconds, and the pages that its statements touch (on SQLite hundreds of its
machine's steps), which other work on the machine does not change. Flagged is what takes or touches
more than three times as much at the largest size as at the smallest, and tables of which its plan
reads all rows.
Those that write are rolled back. `--folder` keeps the databases for another time, `--only` takes
queries whose names hold a text, `--plans` prints their statements.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from arranged.plans import Statements
from arranged.review_rows import REVIEWER, SITE, fill
from arranged.servers import engine_in
from fastapi.testclient import TestClient
from pydantic import SecretStr
from query_list import PAGES, PREPARE, RESULTS, SQL
from review_queue import FILTERS, ORDERS
from sqlalchemy import Engine, select, text
from sqlalchemy.engine import Connection

from core.agreement.drift import find_new_drifts
from core.agreement.live import daily_agreement, score_settled
from core.agreement.queue_scores import enter_missing, score_page
from core.database.engine import reading
from core.database.migrate import upgrade
from core.database.tables import Question
from core.model import registry
from core.model.predictions import NewPrediction, write_predictions
from core.model.predictor import RankedTag
from core.questions.lifecycle import (
    Priority,
    claim,
    due_sites,
    finish,
    list_parked,
    park_exhausted,
    sweep,
)
from core.questions.retention import prune_predictions
from core.questions.store import FetchedQuestion, store
from core.service.status import site_statuses
from core.settings import Settings
from review.decisions.claims import release_claim
from review.decisions.filters import QueueFilter
from review.decisions.queue import next_question
from review.decisions.site_tags import list_tags
from review.decisions.walk import Asking
from review.metrics.figures import read_figures
from review.notify.outbox import fill_outbox
from review.results.find import find_results
from review.service.retag_counts import count_retags
from review.tags.figures import read_relations, read_tags
from review.tags.overview import uses_by_month
from review.web.access import make_token, set_token
from review.web.app import make_app
from review.web.context import Context

TIMES = 7
BATCH = 100
SLOWER = 3.0
QUICK = 3.0  # milliseconds, below which a ratio says nothing
LITTLE = 300  # pages, or as many hundreds of SQLite's steps
LEASE = timedelta(minutes=2)
LATER = datetime(2027, 1, 1, tzinfo=UTC)  # than all that the rows are made of


@dataclass
class Measured:
    """What was found of a query, at each size."""

    milliseconds: list[float] = field(default_factory=list)
    work: list[int] = field(default_factory=list)  # pages, or SQLite's steps
    whole: set[str] = field(default_factory=set)  # tables that a plan reads all of, at the last

    def flags(self) -> str:
        """What is wrong with it, for a person."""
        return ", ".join(
            filter(
                None,
                (
                    _growth("slower", self.milliseconds, least=QUICK),
                    _growth("more to read", self.work, least=LITTLE),
                    *(f"reads all {name}" for name in sorted(self.whole)),
                ),
            )
        )


def _growth(what: str, figures: Sequence[float], *, least: float) -> str:
    """By how much the largest size has more than the smallest, where that is too much."""
    first, last = figures[0], figures[-1]
    return f"{last / first:.1f} times {what}" if last > SLOWER * max(first, least) else ""


class Bench:
    """Measures at one size after the other."""

    def __init__(self, only: str = "", *, plans: bool = False) -> None:
        self.found: dict[str, Measured] = {}
        self._only = only
        self._plans = plans
        self._statements: Statements

    def enter(self, engine: Engine) -> None:
        """Go on with another size's database."""
        self._statements = Statements(engine)

    def measure(self, name: str, query: Callable[[], object]) -> None:
        """Look at its plans, which fills caches too, and time it."""
        if self._only not in name:
            return
        with self._statements.explained() as sent:
            query()
        seconds = []
        for _ in range(TIMES):
            began = time.perf_counter()
            query()
            seconds.append(time.perf_counter() - began)
        measured = self.found.setdefault(name, Measured())
        measured.milliseconds.append(min(seconds) * 1000)  # other work only adds to it
        measured.work.append(sum(one.work for one in sent))
        # A small table is read as a whole with good reason.
        measured.whole = set().union(*(one.whole for one in sent))
        print(
            f"{name}: {measured.milliseconds[-1]:.1f} ms, {measured.work[-1]:,}",
            file=sys.stderr,
            flush=True,
        )
        for one in sent if self._plans else ():
            print(one.sql, *one.plan, sep="\n", end="\n\n", file=sys.stderr, flush=True)

    def print(self, sizes: Sequence[int], unit: str) -> None:
        """The table."""
        print(f"| | {' | '.join(f'{size:,}, ms | {unit}' for size in sizes)} | flagged |")
        print(f"|---|{'---|' * 2 * len(sizes)}---|")
        for name, measured in self.found.items():
            pairs = zip(measured.milliseconds, measured.work, strict=True)
            figures = " | ".join(f"{time_:,.1f} | {work:,}" for time_, work in pairs)
            print(f"| {name} | {figures} | {measured.flags()} |")


def measure_all(bench: Bench, engine: Engine, size: int, folder: Path) -> None:
    """Every query once."""

    def reads(query: Callable[[Connection], object]) -> Callable[[], object]:
        def run() -> None:
            with reading(engine) as connection:
                query(connection)

        return run

    def writes(query: Callable[[Connection], object]) -> Callable[[], object]:
        def run() -> None:
            with engine.connect() as connection:
                query(connection)
                connection.rollback()

        return run

    for name, sql in SQL.items():
        bench.measure(name, reads(lambda c, s=sql: c.execute(text(s)).all()))
    for name, chosen in RESULTS.items():
        found = reads(lambda c, f=chosen: list(find_results(c, f, limit=20)))
        bench.measure(f"tagger results {name}", found)
    settings = Settings(sites=(SITE,))
    bench.measure("tagger status: sites", reads(lambda c: site_statuses(c, settings, now=LATER)))
    bench.measure("metrics", reads(lambda c: read_figures(c, settings, now=LATER)))
    bench.measure("parked list", reads(list_parked))
    _measure_worker(bench, writes, size)
    _measure_scheduler(bench, reads, writes)
    _measure_review(bench, engine, folder)
    _measure_remembered(bench, reads, size)


Wrapped = Callable[[Callable[[Connection], object]], Callable[[], object]]


def _measure_worker(bench: Bench, writes: Wrapped, size: int) -> None:
    due = {"now": LATER, "lease": LEASE}
    for priority in Priority:
        what = priority.name.lower()
        sites = writes(lambda c, p=priority: due_sites(c, priority=p, **due))
        bench.measure(f"refill: sites of {what}", sites)
        tasks = writes(lambda c, p=priority: sweep(c, SITE, priority=p, tasks=1, **due))
        bench.measure(f"refill: a task of {what}", tasks)
    pks = list(range(size // 20 * 10, size // 20 * 10 + BATCH * 10, 10))
    bench.measure("worker: claim 100", writes(lambda c: claim(c, pks, site=SITE, now=LATER)))

    def tag(connection: Connection) -> None:
        claimed = claim(connection, pks, site=SITE, now=LATER)
        finish(connection, claimed)
        tags = [RankedTag(f"t{number}", 0.5, suggested=number < 3) for number in range(10)]
        new = [NewPrediction(one.pk, one.content_hash, tags) for one in claimed]
        version = registry.get_live(connection, SITE)
        write_predictions(connection, new, version=version, now=LATER)

    bench.measure("worker: claim, finish and write 100", writes(tag))
    bench.measure("poller: store 100", writes(lambda c: _store(c, size)))


def _measure_remembered(bench: Bench, reads: Wrapped, size: int) -> None:
    """What pages ask for in another thread, and keep for some minutes."""
    recent = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=size * 0.9)
    counts = reads(lambda c: count_retags(c, SITE, since=recent))
    bench.measure("/models: what would be tagged again", counts)
    bench.measure("/tags: uses", reads(lambda c: list_tags(c, SITE)))
    bench.measure("/tags: figures", reads(lambda c: read_tags(c, SITE, {})))
    bench.measure("/tags: relations", reads(lambda c: read_relations(c, SITE)))
    months = reads(lambda c: uses_by_month(c, SITE, "t0", now=LATER))
    bench.measure("/tags: months of a common tag", months)


def _store(connection: Connection, size: int) -> None:
    numbers = (*range(size // 2, size // 2 + BATCH // 2), *range(size + 1, size + BATCH // 2 + 1))
    page = [
        FetchedQuestion(
            site=SITE, question_id=n, title="A title", body="<p>A text</p>", author_tags=("r",)
        )
        for n in numbers
    ]
    store(connection, page, now=LATER, request_tagging=True)


def _measure_scheduler(bench: Bench, reads: Wrapped, writes: Wrapped) -> None:
    settle = timedelta(days=3)
    bench.measure("sweep: park", writes(lambda c: park_exhausted(c, now=LATER, lease=LEASE)))
    scored = writes(lambda c: score_settled(c, now=LATER, settle=settle, limit=10))
    bench.measure("live agreement: a page", scored)
    bench.measure("live agreement: days", reads(lambda c: daily_agreement(c, live_only=True)))
    bench.measure("drift", writes(lambda c: find_new_drifts(c, now=LATER)))
    bench.measure("review queue: score a page", writes(lambda c: score_page(c, lambda _: ("t1",))))
    bench.measure("review queue: what misses", writes(lambda c: enter_missing(c, since=LATER)))
    bench.measure("old predictions: a page", writes(lambda c: prune_predictions(c, before=LATER)))


def _measure_review(bench: Bench, engine: Engine, folder: Path) -> None:
    chance = random.Random(0)  # noqa: S311 (spreads requests)

    def next_of(order: Any, chosen: QueueFilter) -> None:
        reviewer = chance.choice((REVIEWER, "bob", "eve", "dan"))
        found = next_question(engine, Asking(reviewer, order, chosen, (), datetime.now(UTC)))
        if found is not None:  # or it would be given again, without a look for another
            with engine.begin() as connection:
                release_claim(connection, found.pk, reviewer)

    for order in ORDERS:
        bench.measure(f"next: {order}", lambda o=order: next_of(o, QueueFilter(site=SITE)))
    for name, given in FILTERS.items():
        filter_ = QueueFilter(site=SITE, **given)
        bench.measure(f"next: uncertain, {name}", lambda f=filter_: next_of("uncertain", f))
    bench.measure("webhooks: fill", lambda: fill_outbox(engine, now=LATER))
    address = SecretStr(engine.url.render_as_string(hide_password=False))
    settings = Settings(database_url=address, data_dir=folder, sites=(SITE,))
    token = make_token()
    with engine.begin() as connection:
        set_token(connection, "ann", token, now=datetime.now(UTC))
    client = TestClient(make_app(Context(settings, engine)), base_url="http://127.0.0.1")
    client.headers["Authorization"] = f"Bearer {token}"
    for page in PAGES:
        bench.measure(page.format(site=SITE), lambda p=page: client.get(p.format(site=SITE)))


@contextmanager
def filled(kind: str, folder: Path, size: int) -> Iterator[Engine]:
    """A database with so many questions, a tenth of them pending."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with engine_in(kind, folder) as engine:
        upgrade(engine)
        with engine.begin() as connection:
            is_empty = connection.execute(select(Question.id).limit(1)).first() is None
        if is_empty:
            fill(engine, size)
            with engine.begin() as connection:
                connection.execute(text(PREPARE))
                connection.execute(text("ANALYZE"))
        yield engine


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="postgres")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--plans", action="store_true")
    chosen = parser.parse_args()
    bench = Bench(chosen.only, plans=chosen.plans)
    with tempfile.TemporaryDirectory() as temporary:
        for size in chosen.sizes:
            folder = (chosen.folder or Path(temporary)) / f"{chosen.database}{size}"
            with filled(chosen.database, folder, size) as engine:
                bench.enter(engine)
                measure_all(bench, engine, size, folder)
    bench.print(chosen.sizes, "steps / 100" if chosen.database == "sqlite" else "pages")


if __name__ == "__main__":
    main()
