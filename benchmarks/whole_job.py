"""The whole job, from pending questions to committed predictions, beside simpler ways.

Run: PYTHONPATH=. python benchmarks/whole_job.py BUNDLE QUESTIONS [--site cooking] [--count 20000]
         [--databases sqlite postgres] [--processes 1 2] [--naive 100] [--check]

With --check it fails where a ratio is worse than `benchmarks/floors.toml` allows.

BUNDLE is what `tagger models export` writes, QUESTIONS any file that `tagger import` reads; where
it has fewer questions than are asked for, they come again under other numbers. All in one run, so
that its lines can be compared:

- the naive pipeline: each question by itself through Beautiful Soup, Keras' own `predict`, and a
  commit of ten rows; what a reader of an article would put into a loop;
- the plain loop: words, encoding and network over batches, without queue or database, its start not
  counted; once by itself and, as two worker processes are, twice at the same time;
- real workers with Redis and a database, from the first commit to the last, and how long a worker
  took from its start to the first. The processor time is that of worker, Redis and Postgres
  together: of all that they took, the worker's start included, and of what came after the first
  commit alone, as the loop's is.
"""

import argparse
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from arranged.servers import database, postgres_pid, processor_seconds, redis_pid
from arranged.tagging_work import (
    ask_for_all,
    environment,
    numbered,
    predicted,
    publish,
    store_all,
    wait_for,
)
from bs4 import BeautifulSoup

from core.broker import embedded_redis
from core.database.engine import make_engine
from core.database.migrate import upgrade
from core.model.bundle import Bundle, unpack
from core.model.predictor import Model
from core.model.tokenizer import words
from core.questions.store import FetchedQuestion
from core.settings import Settings
from tests.processes import ROOT

FLOORS = ROOT / "benchmarks" / "floors.toml"
BATCH = 100
LOOP_STEP = 4  # the plain loop takes every fourth question: later ones are longer than the first


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured of a way."""

    name: str  # in floors.toml
    what: str
    rate: float  # questions a second
    processor: float  # microseconds a question, its start included where there is one
    started: float  # microseconds a question, once it had started
    start: float | None = None  # seconds to the first prediction

    def print(self, naive: "Row", loop: "Row") -> None:
        """Print it beside the two that it is compared with."""
        start = "" if self.start is None else f"{self.start:.1f}"
        print(
            f"| {self.what} | {self.rate:,.1f} | {self.rate / naive.rate:.1f} "
            f"| {self.rate / loop.rate:.2f} | {self.processor:,.0f} "
            f"| {self.processor / loop.processor:.2f} | {self.started / loop.started:.2f} "
            f"| {start} |",
            flush=True,
        )


def shortfalls(rows: Sequence[Row], naive: Row, loop: Row) -> list[str]:
    """What is worse than the floors allow, a line for each."""
    floors = tomllib.loads(FLOORS.read_text(encoding="utf-8"))
    found = []
    for row in rows:
        floor = floors.get(row.name, {})
        measured = {
            "rate_to_naive": row.rate / naive.rate,
            "rate_to_loop": row.rate / loop.rate,
            "processor_to_loop": -row.processor / loop.processor,  # less is better
            "started_to_loop": -row.started / loop.started,
        }
        for name, least in floor.items():
            if measured[name] < (least if measured[name] > 0 else -least):
                found.append(f"{row.what}: {name} is {abs(measured[name]):.2f}, allowed is {least}")
    return found


def naive_pipeline(bundle: Bundle, texts: Sequence[tuple[str, str]], folder: Path) -> Row:
    """One question after the other, as an article shows it."""
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    import keras  # noqa: PLC0415 (this way alone needs it)

    from core.model.encoding import encode  # noqa: PLC0415
    from trainer.systems.branched import graph  # noqa: F401, PLC0415 (its layers)

    network = keras.models.load_model(bundle.keras, compile=False)
    labels = np.array(bundle.manifest.labels)
    connection = sqlite3.connect(folder / "naive.sqlite3")
    connection.execute("CREATE TABLE tags (question INTEGER, tag TEXT, probability REAL)")

    def tag(number: int, title: str, body: str) -> None:
        text = BeautifulSoup(body, "html.parser").get_text(" ")
        settings = bundle.manifest.text
        found = [(words(title, settings), words(text, settings))]
        arrays = encode(found, bundle.vocabulary, bundle.manifest.inputs)
        (probabilities,) = network.predict(arrays, verbose=0)
        first = np.argsort(-probabilities)[:10]
        rows = [(number, str(labels[place]), float(probabilities[place])) for place in first]
        connection.executemany("INSERT INTO tags VALUES (?, ?, ?)", rows)
        connection.commit()

    tag(0, *texts[0])  # what is traced once is not counted
    began, used = time.perf_counter(), time.process_time()
    for number, (title, body) in enumerate(texts, start=1):
        tag(number, title, body)
    seconds, processor = time.perf_counter() - began, time.process_time() - used
    connection.close()
    each = processor / len(texts) * 1e6
    return Row("naive", "one by one, Keras, SQLite", len(texts) / seconds, each, each)


def plain_loop(bundle: Bundle, texts: Sequence[tuple[str, str]]) -> Row:
    """Words, encoding, network and ranking in batches, on one thread, of a sample of the texts."""
    texts = texts[::LOOP_STEP]
    model = Model(bundle)
    began, used = time.perf_counter(), time.process_time()
    for start in range(0, len(texts), BATCH):
        batch = [model.words(*text) for text in texts[start : start + BATCH]]
        model.rank(model.probabilities(batch))
    seconds, processor = time.perf_counter() - began, time.process_time() - used
    each = processor / len(texts) * 1e6
    return Row("loop", "plain loop, no database", len(texts) / seconds, each, each)


def two_loops(bundle: Bundle, texts: Sequence[tuple[str, str]]) -> Row:
    """The plain loop in two processes at the same time: what two cores cost each other."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        first, second = pool.map(plain_loop, [bundle, bundle], [texts, texts])
    each = (first.processor + second.processor) / 2
    return Row("two_loops", "two plain loops at once", first.rate + second.rate, each, each)


@contextmanager
def workers(settings: Settings, processes: int) -> Iterator[int]:
    """A worker's process id."""
    command = [sys.executable, "-m", "tagger", "worker", "--concurrency", str(processes)]
    env = environment(settings)
    with (settings.data_dir / "worker.log").open("ab") as log:
        process = subprocess.Popen(command, env=env, stdout=log, stderr=log)
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(60)


def whole_job(
    bundle: Bundle, questions: Sequence[FetchedQuestion], kind: str, processes: int, folder: Path
) -> Row:
    """Store the questions, ask for all, start the workers, and wait for the last commit."""
    with ExitStack() as stack:
        address, _ = stack.enter_context(database(kind, folder))
        stack.enter_context(embedded_redis.running(folder))
        settings = Settings(database_url=address, data_dir=folder)
        engine = make_engine(address)
        upgrade(engine)
        publish(engine, bundle, questions[0].site, "0", folder)
        store_all(engine, questions)
        servers = [redis_pid(folder)]
        if kind == "postgres":
            servers.append(postgres_pid(folder))
        ask_for_all(settings, questions[0].site)
        used = -processor_seconds(servers)
        began = time.perf_counter()
        pid = stack.enter_context(workers(settings, processes))
        wait_for(engine, 1, pause=0.02)
        first = time.perf_counter()
        started = processor_seconds([*servers, pid])
        already = predicted(engine)
        wait_for(engine, len(questions))
        seconds = time.perf_counter() - first
        ended = processor_seconds([*servers, pid])
        engine.dispose()
    done = len(questions) - already
    return Row(
        f"{kind}_{processes}",
        f"{kind}, {processes} worker process{'es' if processes > 1 else ''}",
        rate=done / seconds,
        processor=(used + ended) / len(questions) * 1e6,
        started=(ended - started) / done * 1e6,
        start=first - began,
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--site", default="cooking")
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgres"])
    parser.add_argument("--processes", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--naive", type=int, default=100, help="questions of the naive pipeline")
    parser.add_argument("--check", action="store_true", help="fail below benchmarks/floors.toml")
    chosen = parser.parse_args()
    questions = numbered(chosen.questions, chosen.site, chosen.count)
    texts = [(question.title, question.body) for question in questions]
    print(
        "| way | questions/s | to naive | to loop "
        "| µs of processor | to loop | once started | start, s |"
    )
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "bundle").mkdir()
        bundle = unpack(chosen.bundle, folder / "bundle")
        naive = naive_pipeline(bundle, texts[: chosen.naive], folder)
        loop = plain_loop(bundle, texts)
        for row in (naive, loop, two_loops(bundle, texts)):
            row.print(naive, loop)
        rows = []
        for kind in chosen.databases:
            for processes in chosen.processes:
                own = folder / f"{kind}{processes}"
                own.mkdir(mode=0o700)
                rows.append(whole_job(bundle, questions, kind, processes, own))
                rows[-1].print(naive, loop)
    if chosen.check and (worse := shortfalls(rows, naive, loop)):
        sys.exit("\n".join(worse))


if __name__ == "__main__":
    main()
