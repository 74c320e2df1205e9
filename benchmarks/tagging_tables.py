"""What tagging leaves in Postgres' tables: dead rows and WAL; and the time that it takes.

Run: PYTHONPATH=. python benchmarks/tagging_tables.py [--questions 20000] [--rounds 5]

Questions with bodies as long as real ones are stored, and then taken from the request to the end of
their tagging in batches of 100, without a network and without predictions; each further round
requests all of them again. Prints a row a stage of the last round, and a row a table for all of
them. Autovacuum is on, as it is for everybody.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from arranged.servers import database
from arranged.tagging_work import publish
from sqlalchemy import Engine, text
from sqlalchemy.engine import Connection

from core.database.engine import make_engine
from core.database.migrate import upgrade
from core.questions.lifecycle import Priority, claim, finish, sweep
from core.questions.requests import request_tagging
from core.questions.store import FetchedQuestion, store
from tests.models import word_bundle

SITE = "stats"
PAGE = 500  # questions of one transaction that stores
LEASE = timedelta(hours=1)
TASKS = 20  # of one transaction that enqueues
WORDS = [f"word{number}" for number in range(5_000)]


@dataclass
class Stage:
    """What one part of a question's way took, of all questions together."""

    seconds: float = 0.0
    wal: int = 0


class Stages:
    """The stages of one round."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.found: dict[str, Stage] = {}

    @contextmanager
    def timed(self, name: str) -> Iterator[Connection]:
        """A transaction that counts for a stage, with its commit."""
        stage = self.found.setdefault(name, Stage())
        wal, began = self._wal(), time.perf_counter()
        with self._engine.begin() as connection:
            yield connection
        stage.seconds += time.perf_counter() - began
        stage.wal += self._wal() - wal

    def _wal(self) -> int:
        with self._engine.connect() as connection:
            position = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')"
            return int(connection.execute(text(position)).scalar_one())


def made_up(number: int, chance: random.Random) -> FetchedQuestion:
    """A question of some 2,500 characters, in words that no compression makes nothing of."""
    return FetchedQuestion(
        site=SITE,
        question_id=number,
        title=" ".join(chance.choices(WORDS, k=9)),
        body=f"<p>{' '.join(chance.choices(WORDS, k=chance.randint(50, 500)))}</p>",
        author_tags=("regression",),
        created_at=datetime.now(UTC),
    )


def go_round(engine: Engine, count: int, chance: random.Random, *, first: bool) -> Stages:
    """Take every question from its request to the end of its tagging."""
    stages = Stages(engine)
    if first:
        for start in range(1, count + 1, PAGE):
            page = [made_up(start + place, chance) for place in range(min(PAGE, count + 1 - start))]
            with stages.timed("store") as connection:
                store(connection, page, now=datetime.now(UTC), request_tagging=True)
    else:
        with stages.timed("request") as connection:
            request_tagging(connection, site=SITE, now=datetime.now(UTC), untagged_only=False)
    priority = Priority.LIVE if first else Priority.BACKFILL
    done = 0
    after = datetime.now(UTC) + 2 * LEASE  # as if the messages of those just stored were lost
    while done < count:
        with stages.timed("enqueue") as connection:
            tasks = sweep(connection, SITE, priority=priority, tasks=TASKS, now=after, lease=LEASE)
        for pks in (task[at : at + 100] for task in tasks for at in range(0, len(task), 100)):
            with stages.timed("claim") as connection:
                claimed = claim(connection, pks, site=SITE, now=datetime.now(UTC))
            with stages.timed("finish") as connection:
                done += len(finish(connection, claimed))
    return stages


def print_stages(stages: Stages, count: int) -> None:
    """A row a stage."""
    print("| stage | questions/s | µs a question | bytes of WAL a question |")
    print("|---|---|---|---|")
    tagging = Stage()
    for name, stage in stages.found.items():
        _print_stage(name, stage, count)
        if name not in ("store", "request"):
            tagging = Stage(tagging.seconds + stage.seconds, tagging.wal + stage.wal)
    _print_stage("enqueue, claim, finish", tagging, count)


def _print_stage(name: str, stage: Stage, count: int) -> None:
    each = stage.seconds / count * 1e6
    print(f"| {name} | {1e6 / each:,.0f} | {each:.0f} | {stage.wal / count:,.0f} |")


TABLES = """
SELECT relname, n_live_tup, n_dead_tup, n_tup_upd, n_tup_hot_upd, n_tup_del,
       autovacuum_count, pg_relation_size(relid) / 1000000.0, pg_indexes_size(relid) / 1000000.0
FROM pg_stat_user_tables WHERE relname IN ('questions', 'tagging_requests') ORDER BY relname
"""


def print_tables(engine: Engine, taggings: int) -> None:
    """A row a table, as Postgres' own statistics have it."""
    print(
        f"\n| after {taggings:,} taggings | rows | dead | updated | of them HOT | deleted "
        "| autovacuums | MB | MB of indexes |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    with engine.connect() as connection:
        for name, *counts, size, indexes in connection.execute(text(TABLES)):
            shown = " | ".join(f"{count:,}" for count in counts)
            print(f"| {name} | {shown} | {size:.1f} | {indexes:.1f} |")


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--questions", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    chance = random.Random(0)  # noqa: S311 (makes texts up)
    with tempfile.TemporaryDirectory() as name, database("postgres", Path(name)) as (address, _):
        engine = make_engine(address)
        upgrade(engine)
        # A small version, without which nothing is enqueued.
        publish(engine, word_bundle(SITE), SITE, "0", Path(name))
        for number in range(chosen.rounds):
            stages = go_round(engine, chosen.questions, chance, first=number == 0)
            if number == 0:
                print("The first round:\n")
                print_stages(stages, chosen.questions)
        if chosen.rounds > 1:
            print("\nThe last round:\n")
            print_stages(stages, chosen.questions)
        time.sleep(1)  # until the statistics are told
        print_tables(engine, chosen.questions * chosen.rounds)
        engine.dispose()


if __name__ == "__main__":
    main()
