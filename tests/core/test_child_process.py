import os
import select
import signal
import subprocess
import sys

from core.child_process import leashed

CHILD = """
import time
from core.child_process import follow
follow()
print("up", flush=True)
time.sleep(60)
"""


def test_a_process_ends_when_the_one_that_started_it_is_killed() -> None:
    """The parent here is a process of its own, so that it can be killed."""
    parent = f"""
import os, subprocess, sys, time
from core.child_process import leashed
child = subprocess.Popen([sys.executable, "-c", {CHILD!r}], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, env=leashed(os.environ))
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        descriptor = os.pidfd_open(child)
        process.send_signal(signal.SIGKILL)
        process.wait()
        ended, _, _ = select.select([descriptor], [], [], 20)
        os.close(descriptor)
    assert ended


def test_one_that_ignores_the_signal_ends_too() -> None:
    deaf = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n{CHILD}"
    with subprocess.Popen(
        [sys.executable, "-c", deaf], stdin=subprocess.PIPE, env=leashed(os.environ)
    ) as process:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(20) == 128 + signal.SIGTERM


def test_a_process_without_a_leash_outlives_the_end_of_its_input() -> None:
    script = CHILD.replace("time.sleep(60)", "time.sleep(0.5)")
    environment = {k: v for k, v in os.environ.items() if k not in leashed({})}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, env=environment, check=False)
    assert done.returncode == 0
