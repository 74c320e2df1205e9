"""Workers on other hosts: how fast they tag over a network of some latency.

Run as root: PYTHONPATH=. python benchmarks/far_workers.py BUNDLE QUESTIONS [--site cooking]
         [--count 5000] [--round-trips 0 5 20] [--hosts 2] [--processes 1 4] [--parts 500]

BUNDLE and QUESTIONS are as for `whole_job.py`. Each host is a network namespace of its own, whose
only way out is a pair of virtual interfaces to a third namespace, where two addresses answer: the
database's (PostgreSQL) and the broker's (Redis). Hosts share no folder: each has its own cache of
models. Round trips are in milliseconds. Printed are questions a second while all are at it, from a
quarter of them to nine tenths, how many round trips to either server a question took, and what it
costs the servers. The last connections are this script's own.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from arranged.servers import database, postgres_pid, processor_seconds, redis_pid
from arranged.tagging_work import ask_for_all, numbered, predicted, publish, store_all, wait_for
from sqlalchemy import Engine, make_url

from core.broker import embedded_redis
from core.database.engine import make_engine
from core.database.migrate import upgrade
from core.model.bundle import Bundle, unpack
from core.questions.store import FetchedQuestion
from core.settings import Settings
from tests.processes import ROOT
from worker.tagging import PART

SERVERS = "tagger-servers"
POSTGRES, REDIS = 5432, 6379
HEAD = (
    "| ms | hosts x processes | part | questions/s | round trips: database | broker "
    "| µs: Postgres | Redis | bytes of WAL | connections |"
)
CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'question-tagger'"


@dataclass(frozen=True, slots=True)
class Tried:
    """A line of the table: milliseconds of a round trip, processes of a host, and PART."""

    delay: float
    processes: int
    part: int


def run(*command: str) -> None:
    """Run a command of the system's."""
    subprocess.run(command, check=True)


@contextmanager
def namespaces(hosts: int) -> Iterator[list[str]]:
    """A namespace for the servers and one for each host, joined by a pair of interfaces each."""
    names = [f"tagger-host{number}" for number in range(hosts)]
    with ExitStack() as stack:
        for name in (SERVERS, *names):
            run("ip", "netns", "add", name)
            stack.callback(run, "ip", "netns", "del", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        for number, name in enumerate(names):
            here, there = f"tgs{number}", f"tgh{number}"
            run("ip", "-n", SERVERS, "link", "add", here, "type", "veth", "peer", "name", there,
                "netns", name)  # fmt: skip
            for space, link, address in (
                (SERVERS, here, server_of(number)),
                (name, there, f"10.213.{number}.2"),
            ):
                run("ip", "-n", space, "addr", "add", f"{address}/24", "dev", link)
                run("ip", "-n", space, "link", "set", link, "up")
        yield names


def server_of(number: int) -> str:
    """The address under which a host sees the servers."""
    return f"10.213.{number}.1"


@contextmanager
def process(command: Sequence[str], log: Path, env: dict[str, str]) -> Iterator[None]:
    """Run a process while the block lasts."""
    with log.open("ab") as lines:
        child = subprocess.Popen(command, env=env, stdout=lines, stderr=lines)
    try:
        yield
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait(60)


@contextmanager
def link(sockets: dict[int, str], hosts: int, delay: float, report: Path) -> Iterator[None]:
    """Let the servers' Unix sockets answer at their addresses, so many milliseconds away."""
    links = [
        f"{server_of(number)}:{port}={socket}"
        for number in range(hosts)
        for port, socket in sockets.items()
    ]
    command = [
        "ip",
        "netns",
        "exec",
        SERVERS,
        sys.executable,
        str(ROOT / "benchmarks/slow_link.py"),
    ]
    command += [str(report), "--delay", str(delay), *links]
    with process(command, report.with_suffix(".log"), dict(os.environ)):
        while not report.with_suffix(".up").exists():
            time.sleep(0.05)
        yield


@contextmanager
def worker(name: str, number: int, tried: Tried, address: str, folder: Path) -> Iterator[None]:
    """A worker on a host, which is told two addresses."""
    folder.mkdir()
    url = make_url(address).set(host=server_of(number), port=POSTGRES, query={})
    env = os.environ | {
        "PYTHONPATH": str(ROOT),
        "TAGGER_DATABASE_URL": url.render_as_string(hide_password=False),
        "TAGGER_BROKER_URL": f"redis://{server_of(number)}:{REDIS}/0",
        "TAGGER_DATA_DIR": str(folder),
    }
    code = f"import tagger, worker.tagging; worker.tagging.PART = {tried.part}; tagger.main()"
    command = ["ip", "netns", "exec", name, sys.executable, "-c", code, "worker"]
    with process([*command, "--concurrency", str(tried.processes)], folder / "log", env):
        yield


def measure(engine: Engine, settings: Settings, site: str, hosts: list[str], tried: Tried) -> str:
    """Have all questions tagged by workers on the hosts; return a line of the table."""
    folder = Path(tempfile.mkdtemp(dir=settings.data_dir))
    report = folder / "counts"
    sockets = {
        POSTGRES: f"{make_url(settings.database).query['host']}/.s.PGSQL.5432",
        REDIS: str(embedded_redis.socket_path(settings.data_dir)),
    }
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM predictions")
        connection.exec_driver_sql("DELETE FROM review_queue")
    ask_for_all(settings, site)
    count = ask(engine, "SELECT count(*) FROM questions")
    servers = Servers(engine, settings.data_dir)
    with ExitStack() as stack:
        stack.enter_context(link(sockets, len(hosts), tried.delay / 2, report))
        for number, name in enumerate(hosts):
            own = folder / name
            stack.enter_context(worker(name, number, tried, settings.database, own))
        wait_for(engine, count // 4)
        began, already = time.perf_counter(), predicted(engine)
        wait_for(engine, count * 9 // 10)
        rate = (predicted(engine) - already) / (time.perf_counter() - began)
        connections = ask(engine, CONNECTIONS)
        wait_for(engine, count)
    counts = json.loads(report.read_text())
    cells = [
        f"{tried.delay:g}",
        f"{len(hosts)} x {tried.processes}",
        f"{tried.part}",
        f"{rate:,.0f}",
        *(f"{counts[str(port)]['round trips'] / count:.3f}" for port in (POSTGRES, REDIS)),
        *(f"{used:,.0f}" for used in servers.used(count)),
        f"{connections}",
    ]
    return f"| {' | '.join(cells)} |"


class Servers:
    """What the servers have used since this was made."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._engine = engine
        self._pids = (postgres_pid(folder), redis_pid(folder))
        self._before = self._now()

    def _now(self) -> list[float]:
        written = ask(self._engine, "SELECT pg_current_wal_lsn() - '0/0'")
        return [*(1e6 * processor_seconds([pid]) for pid in self._pids), float(written)]

    def used(self, count: int) -> list[float]:
        """Microseconds of processor time of Postgres and of Redis, bytes of WAL, of a question."""
        pairs = zip(self._now(), self._before, strict=True)
        return [(now - before) / count for now, before in pairs]


def ask(engine: Engine, question: str) -> int:
    """A number that the database tells."""
    with engine.connect() as connection:
        return int(connection.exec_driver_sql(question).scalar_one())


def print_sizes(engine: Engine) -> None:
    """What the largest tables with their indexes take of a question."""
    count = ask(engine, "SELECT count(*) FROM questions")
    sizes = "SELECT relname, pg_total_relation_size(relid) FROM pg_statio_user_tables"
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM FULL")
        rows = connection.exec_driver_sql(f"{sizes} ORDER BY 2 DESC LIMIT 6").all()
    named = (f"{name} {size / count:,.0f}" for name, size in rows if name != "bundle_parts")
    print(f"bytes of a question: {', '.join(named)}")


def prepare(engine: Engine, bundle: Bundle, questions: list[FetchedQuestion], folder: Path) -> None:
    """Make the tables, publish the model and store the questions."""
    upgrade(engine)
    publish(engine, bundle, questions[0].site, "0", folder)
    store_all(engine, questions)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--site", default="cooking")
    parser.add_argument("--count", type=int, default=5_000)
    parser.add_argument("--round-trips", nargs="+", type=float, default=[0, 5, 20])
    parser.add_argument("--hosts", type=int, default=2)
    parser.add_argument("--processes", nargs="+", type=int, default=[1, 4])
    parser.add_argument("--parts", nargs="+", type=int, default=[PART])
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # or namespaces and servers would stay
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        os.environ.setdefault("XDG_RUNTIME_DIR", stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)  # Postgres runs as a user of its own
        (folder / "bundle").mkdir()
        address, _ = stack.enter_context(database("postgres", folder))
        stack.enter_context(embedded_redis.running(folder))
        engine = make_engine(address)
        stack.callback(engine.dispose)
        bundle = unpack(chosen.bundle, folder / "bundle")
        prepare(engine, bundle, numbered(chosen.questions, chosen.site, chosen.count), folder)
        hosts = stack.enter_context(namespaces(chosen.hosts))
        settings = Settings(database_url=address, data_dir=folder)
        print(HEAD)
        print("|---" * (HEAD.count("|") - 1) + "|")
        for tried in product(chosen.round_trips, chosen.processes, chosen.parts):
            line = measure(engine, settings, chosen.site, hosts, Tried(*tried))
            print(line, flush=True)
        print_sizes(engine)
        print(f"load: {os.getloadavg()}, processors: {os.cpu_count()}")


if __name__ == "__main__":
    main()
