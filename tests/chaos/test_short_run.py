"""A minute of faults on the real processes; `make chaos` runs for longer, and on Postgres."""

import subprocess
import sys

import pytest

from tests.processes import ROOT


@pytest.mark.chaos
@pytest.mark.slow(90)
def test_a_minute_of_faults_loses_nothing_and_all_recover() -> None:
    """The bound says that they do at all; how fast says something of the machine's load."""
    options = ["--seed", "11", "--minutes", "0.7", "--bound", "89"]
    command = [sys.executable, "-W", "ignore", "-m", "tests.chaos", *options]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
