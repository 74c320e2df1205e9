"""What a worker holds in memory, with a real network, under a limit as a container has.

Run: PYTHONPATH=. python benchmarks/worker_memory.py BUNDLE [--database postgres] [--processes 2]
         [--limit 400] [--questions 15000] [--reloads 10] [--sites 1]

Prints a row a stage: the sum over the worker's processes (proportional set size), the most private
memory of one, and the peak of the sum since the row before. The limit needs root and Linux' memory
control groups; without them the figures are printed, and nothing is limited.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from arranged.servers import database
from arranged.tagging_work import pending, publish
from sqlalchemy import Engine, func, select

from core.broker import embedded_redis
from core.broker.feeding import refill
from core.broker.queue import make_celery
from core.clock import SystemClock
from core.database.engine import make_engine, reading
from core.database.migrate import upgrade
from core.database.tables import KilledProcess
from core.model.bundle import unpack
from core.questions.store import FetchedQuestion, store
from core.settings import Settings
from tests.memory import Group, family, make_group, memory_mb
from tests.processes import ROOT

SAMPLE_SECONDS = 0.1
BATCH = 100
PATIENCE_SECONDS = 300


class Watcher(threading.Thread):
    """Looks at a worker's processes all the time, for the peak of their sum."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._peak = 0.0

    def run(self) -> None:
        """Look, until the program ends."""
        while True:
            self._peak = max(self._peak, self.sum_mb())
            time.sleep(SAMPLE_SECONDS)

    def sum_mb(self) -> float:
        """The worker's processes together."""
        return sum(memory_mb(pid)[0] for pid in family(self._pid))

    def row(self, stage: str) -> None:
        """Print what stands now, and the peak since the last row."""
        processes = family(self._pid)
        private = max(memory_mb(pid)[1] for pid in processes)
        total = self.sum_mb()
        peak, self._peak = max(self._peak, total), 0.0
        print(f"| {stage} | {total:.0f} | {private:.0f} | {peak:.0f} |", flush=True)


@contextmanager
def worker(settings: Settings, processes: int, group: Group | None) -> Iterator[Watcher]:
    """A worker in a group, and who watches it."""
    env = os.environ | {
        "PYTHONPATH": str(ROOT),
        "TAGGER_DATABASE_URL": settings.database,
        "TAGGER_DATA_DIR": str(settings.data_dir),
        "TAGGER_MODEL_MEMORY_MB": str(settings.model_memory_mb),
    }
    command = [sys.executable, "-m", "tagger", "worker", "--concurrency", str(processes)]
    if group is not None:
        command = group.wrap(command)
    log_path = settings.data_dir / "worker.log"
    with log_path.open("ab") as log:
        process = subprocess.Popen(command, env=env, stdout=log, stderr=log)
    watcher = Watcher(process.pid)
    watcher.start()
    try:
        yield watcher
    finally:
        process.terminate()
        process.wait(60)
        lines = log_path.read_text().splitlines()
        print(*(line for line in lines if " ERROR " in line or "Traceback" in line), sep="\n")


def tag(engine: Engine, settings: Settings, sites: Sequence[str], count: int, first: int) -> None:
    """Store made-up questions, enqueue them in turns of the sites, and wait for their tags."""
    for start in range(first, first + count, BATCH):
        for site in sites:
            questions = [made_up(site, number) for number in range(start, start + BATCH)]
            with engine.begin() as connection:
                store(connection, questions, now=datetime.now(UTC), request_tagging=True)
    refill(engine, make_celery(settings), settings, SystemClock())
    end = time.monotonic() + PATIENCE_SECONDS  # what a killed process had in hand stays pending
    while pending(engine) and time.monotonic() < end:
        time.sleep(0.2)


def made_up(site: str, number: int) -> FetchedQuestion:
    """A question as long as most are."""
    words = " ".join(f"word{(number * 7 + place * 13) % 9000}" for place in range(120))
    return FetchedQuestion(
        site=site, question_id=number, title=words[:60], body=f"<p>{words}</p>", author_tags=()
    )


def main() -> None:
    """Print the table, and what was killed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--database", choices=["postgres", "sqlite"], default="postgres")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--limit", type=int, default=400, help="of the worker, in MB; 0: none")
    parser.add_argument("--database-limit", type=int, default=512, help="of Postgres, in MB")
    parser.add_argument("--questions", type=int, default=15_000)
    parser.add_argument("--reloads", type=int, default=10)
    parser.add_argument("--sites", type=int, default=1)
    parser.add_argument("--model-memory", type=int, default=256, help="TAGGER_MODEL_MEMORY_MB")
    chosen = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        address, database_group = stack.enter_context(
            database(chosen.database, folder, chosen.database_limit)
        )
        stack.enter_context(embedded_redis.running(folder))
        settings = Settings(
            database_url=address,
            data_dir=folder,
            model_memory_mb=chosen.model_memory,
        )
        engine = make_engine(settings.database)
        upgrade(engine)
        (folder / "bundle").mkdir()
        bundle = unpack(chosen.bundle, folder / "bundle")
        sites = [f"site{number}" for number in range(chosen.sites)]
        for site in sites:
            publish(engine, bundle, site, "0", folder)
        group = make_group(chosen.limit)
        watcher = stack.enter_context(worker(settings, chosen.processes, group))
        print("| sum over the worker's processes, MB | now | most private | peak of the sum |")
        print("|---|---|---|---|")
        time.sleep(8)
        watcher.row("idle")
        tag(engine, settings, sites, BATCH * 2 * chosen.processes, 1)
        watcher.row("first batches")
        started = time.monotonic()
        tag(engine, settings, sites, chosen.questions // chosen.sites, 100_000)
        seconds = time.monotonic() - started
        watcher.row(f"after {chosen.questions:,} questions ({chosen.questions / seconds:.0f}/s)")
        for number in range(chosen.reloads):
            publish(engine, bundle, sites[0], str(number + 1), folder)
            tag(engine, settings, sites[:1], BATCH * 3 * chosen.processes, 200_000 + 1000 * number)
        watcher.row(f"after {chosen.reloads} hot reloads")
        with reading(engine) as connection:
            told = connection.execute(select(func.count()).select_from(KilledProcess)).scalar_one()
        print(f"kills told by the worker: {told}; pending: {pending(engine)}")
        for name, limited in (("worker", group), ("Postgres", database_group)):
            if limited is not None:
                print(f"{name}: {limited.kills()} killed, peak {limited.peak_mb():.0f} MB")
        engine.dispose()


if __name__ == "__main__":
    main()
