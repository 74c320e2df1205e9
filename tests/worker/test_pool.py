"""The pool of a real worker tells of processes that the system killed, and of no others."""

import subprocess
import sys
from pathlib import Path

import pytest
import redis

from tests.conftest import ManualClock
from worker.pool import DEATHS_SECONDS, MOST_DEATHS, IdleDeaths

ROOT = Path(__file__).resolve().parents[2]

# A worker with three tasks: Celery itself kills the first after a second, the second ends with
# SIGKILL, as where the kernel runs out of memory, and the third tells the worker to end.
WORKER = """
import os, signal, sys, time
from celery import Celery
from celery.worker.request import Request
from core.broker.queue import TAG_TASK
from worker.pool import pool_that_reports

app = Celery(broker=sys.argv[1])
app.conf.worker_hijack_root_logger = False

class Accepted(Request):
    def on_accepted(self, pid, time_accepted):
        super().on_accepted(pid, time_accepted)  # now the worker knows who has the batch
        if self.args[0] == "large":
            os.kill(pid, signal.SIGKILL)

@app.task(name=TAG_TASK, typing=False, Request=Accepted)
def tag(site, pks):
    if site in ("slow", "large"):
        time.sleep(60)
    if site == "last":
        os.kill(os.getppid(), signal.SIGTERM)

for site, seconds in (("slow", 1), ("large", 60), ("last", 60)):
    tag.apply_async([site, [4, 2]], time_limit=seconds)

def report(pid, batch):
    print(f"{pid > 0}: {batch}", flush=True)

def give_up(reason):
    print(f"given up: {reason}", flush=True)
    os.kill(os.getpid(), signal.SIGTERM)

worker = app.Worker(pool_cls=pool_that_reports(report, give_up), concurrency=1, quiet=True,
                    without_gossip=True, without_mingle=True, without_heartbeat=True,
                    redirect_stdouts=False, loglevel="CRITICAL")
worker.start()
"""

# Its first process is killed before the pool has started.
DIES_EARLY = """
import pathlib
from celery import signals

@signals.worker_process_init.connect(weak=False)
def die_once(**_):
    killed = pathlib.Path(sys.argv[2])
    if not killed.exists():
        killed.touch()
        os.kill(os.getpid(), signal.SIGKILL)

"""


DIES_ALWAYS = """
from celery import signals

@signals.worker_process_init.connect(weak=False)
def die(**_):
    os._exit(1)

"""

# It is told to end when its process has been sent a batch, and has not said yet that it has it.
ENDS_EARLY = """
pool_of, told_at = pool_that_reports, []

def pool_that_reports(*given):
    pool = pool_of(*given)

    class Pool(pool.Pool):
        def _create_write_handlers(self, hub):
            super()._create_write_handlers(hub)
            write = hub.consolidate_callback

            def write_and_end(ready):
                write(ready)
                if any(job._write_to for job in self._cache.values()):
                    told_at.append(time.monotonic())
                    signal.raise_signal(signal.SIGTERM)

            hub.consolidate_callback = write_and_end

    pool.Pool = Pool
    return pool

"""


def run_worker(script: str, *given: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, *given],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.slow
def test_a_killed_process_is_reported_with_its_batch_and_one_out_of_time_is_not(
    redis_url: str,
) -> None:
    run = run_worker(WORKER, redis_url)
    told = [line for line in run.stdout.splitlines() if line.startswith("True: ")]
    assert told == ["True: 2 questions of large (keys 2 to 4)"], run


@pytest.mark.slow
def test_a_worker_whose_process_dies_while_it_starts_goes_on(
    redis_url: str, tmp_path: Path
) -> None:
    tasks, start = WORKER.split("def report")
    # The task comes when that process is gone: one that it had taken would be waited for.
    no_task = tasks.replace('(("slow", 1), ("large", 60), ("last", 60))', "()")
    told = 'print(f"{pid > 0}: {batch}", flush=True)'
    then = start.replace(told, f'{told}\n    tag.apply_async(["last", [4, 2]])')
    script = no_task + DIES_EARLY + "def report" + then
    run = run_worker(script, redis_url, str(tmp_path / "killed"))
    assert (tmp_path / "killed").exists()
    assert (run.returncode, "WorkerLostError" in run.stderr) == (0, False), run
    assert [line for line in run.stdout.splitlines() if line.startswith("True: ")], run


@pytest.mark.slow
def test_a_worker_whose_processes_all_die_as_they_start_ends(redis_url: str) -> None:
    """Whoever started it starts it again, after a pause, and sees that it does not run."""
    tasks, start = WORKER.split("def report")
    few = "import worker.pool\nworker.pool.MOST_DEATHS = 3\n"
    run = run_worker(tasks + DIES_ALWAYS + few + "def report" + start, redis_url)
    assert run.stdout.count("given up: Its processes die without a task, 3 times each") == 1, run


@pytest.mark.slow
def test_a_batch_that_is_sent_as_the_worker_ends_is_done_and_acknowledged(redis_url: str) -> None:
    tasks, start = WORKER.split("def report")
    one = tasks.replace('(("slow", 1), ("large", 60), ("last", 60))', '(("small", 60),)')
    told = one.replace("(site, pks):", "(site, pks):\n    print('tagged', flush=True)")
    script = told.replace("typing=False", "typing=False, acks_late=True")
    end = "print(f'ended after {time.monotonic() - told_at[0]} s')"
    run = run_worker(script + ENDS_EARLY + "def report" + start + end, redis_url)
    assert (run.returncode, run.stdout.count("tagged")) == (0, 1), run
    assert float(run.stdout.split()[-2]) < 20, run  # its process would wait for 30 s
    with redis.Redis.from_url(redis_url) as client:
        assert not {b"celery", b"unacked"} & set(client.keys())


def test_processes_that_die_now_and_then_are_replaced_for_ever() -> None:
    reasons: list[str] = []
    clock = ManualClock()
    deaths = IdleDeaths(reasons.append, now=lambda: clock.now().timestamp())
    for _ in range(100):
        clock.sleep(DEATHS_SECONDS / (2 * MOST_DEATHS - 1) + 0.1)
        deaths.add(1, processes=2)
    assert not reasons
    deaths.add(1, processes=2)
    deaths.add(0, processes=2)
    assert len(reasons) == 1
