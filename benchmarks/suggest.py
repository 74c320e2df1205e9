"""How many texts a second the review page's process tags for programs, over HTTP.

Run: PYTHONPATH=. python benchmarks/suggest.py BUNDLE QUESTIONS [--site cooking] [--seconds 8]

BUNDLE is what `tagger models export` writes, QUESTIONS any file that `tagger import` reads. A real
`tagger review` on a SQLite database answers one program on one kept connection, with batches of
1, 25 and 100 texts.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path

import httpx
from arranged.servers import free_port
from arranged.tagging_work import publish

from core.database.engine import make_engine
from core.database.migrate import upgrade
from core.model.bundle import unpack
from core.questions.files import load_questions
from core.questions.store import FetchedQuestion
from tests.processes import ROOT

BATCHES = (1, 25, 100)
START_SECONDS = 60


@contextmanager
def page(folder: Path) -> Iterator[httpx.Client]:
    """A review page on a port that is free, and a program that has its owner's token."""
    port = free_port()
    env = os.environ | {
        "PYTHONPATH": str(ROOT),
        "TAGGER_DATA_DIR": str(folder),
        "TAGGER_DATABASE_URL": address(folder),
        "TAGGER_REVIEW_PORT": str(port),
    }
    log_path = folder / "log"
    with log_path.open("wb") as log:
        command = [sys.executable, "-m", "tagger", "review"]
        process = subprocess.Popen(command, env=env, stdout=log, stderr=log)
    try:
        headers = {"Authorization": f"Bearer {wait_for_token(log_path)}"}
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60
        ) as client:
            yield client
    finally:
        process.terminate()
        process.wait(30)


def address(folder: Path) -> str:
    """The database's."""
    return f"sqlite:///{folder / 'tagger.sqlite3'}"


def wait_for_token(log: Path) -> str:
    """The token of the link that the page prints when it listens.

    Raises:
        SystemExit: it does not.
    """
    for _ in range(START_SECONDS * 10):
        if found := re.search(r"token=([\w-]+)", log.read_text()):
            return found[1]
        time.sleep(0.1)
    sys.exit(log.read_text())


def send(client: httpx.Client, questions: Sequence[FetchedQuestion]) -> None:
    """Ask for the tags of some texts."""
    texts = [{"title": question.title, "body": question.body} for question in questions]
    asked = {"site": questions[0].site, "texts": texts}
    client.post("/api/v1/suggest", json=asked).raise_for_status()


def main() -> None:
    """Print a line for each size of batch."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--site", default="cooking")
    parser.add_argument("--seconds", type=float, default=8.0, help="for each size of batch")
    chosen = parser.parse_args()
    questions = cycle(load_questions(chosen.questions, site=chosen.site))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        engine = make_engine(address(folder))
        upgrade(engine)
        (folder / "bundle").mkdir()
        publish(engine, unpack(chosen.bundle, folder / "bundle"), chosen.site, "0", folder)
        engine.dispose()
        with page(folder) as client:
            send(client, list(islice(questions, 1)))  # loads the model
            print("| texts of a request | texts/s | ms a request, median |")
            print("|---|---|---|")
            for size in BATCHES:
                took = []
                while sum(took) < chosen.seconds:
                    batch = list(islice(questions, size))
                    began = time.perf_counter()
                    send(client, batch)
                    took.append(time.perf_counter() - began)
                rate = size * len(took) / sum(took)
                print(f"| {size} | {rate:,.0f} | {statistics.median(took) * 1000:.1f} |")


if __name__ == "__main__":
    main()
