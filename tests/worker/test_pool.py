"""The pool of a real worker tells of processes that the system killed, and of no others."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# A worker with three tasks: Celery itself kills the first after a second, the second ends with
# SIGKILL, as where the kernel runs out of memory, and the third tells the worker to end.
WORKER = """
import os, signal, sys, time
from celery import Celery
from core.broker.queue import TAG_TASK
from worker.pool import pool_that_reports

app = Celery(broker=sys.argv[1])
app.conf.worker_hijack_root_logger = False

@app.task(name=TAG_TASK, typing=False)
def tag(site, pks):
    if site == "slow":
        time.sleep(60)
    if site == "large":
        time.sleep(0.5)  # until the worker knows who has the batch
        os.kill(os.getpid(), signal.SIGKILL)
    if site == "last":
        os.kill(os.getppid(), signal.SIGTERM)

for site, seconds in (("slow", 1), ("large", 60), ("last", 60)):
    tag.apply_async([site, [4, 2]], time_limit=seconds)

def report(pid, batch):
    print(f"{pid > 0}: {batch}", flush=True)

worker = app.Worker(pool_cls=pool_that_reports(report), concurrency=1, quiet=True,
                    without_gossip=True, without_mingle=True, without_heartbeat=True,
                    redirect_stdouts=False, loglevel="CRITICAL")
worker.start()
"""


@pytest.mark.slow
def test_a_killed_process_is_reported_with_its_batch_and_one_out_of_time_is_not(
    redis_url: str,
) -> None:
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", WORKER, redis_url],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    told = [line for line in run.stdout.splitlines() if line.startswith("True: ")]
    assert told == ["True: 2 questions of large (keys 2 to 4)"], run
