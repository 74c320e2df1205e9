"""A minute of faults on the real processes; `make chaos` runs for longer, and on Postgres."""

import subprocess
import sys

import pytest

from tests.processes import ROOT


@pytest.mark.chaos
@pytest.mark.slow(120)
def test_a_minute_of_faults_loses_nothing_and_all_recover_in_time() -> None:
    command = [sys.executable, "-m", "tests.chaos", "--seed", "4", "--minutes", "0.7"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
