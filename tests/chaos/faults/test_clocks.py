"""A process' own clock, set while it runs."""

import os
import shutil
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.chaos.faults.clocks import HOUR, compiled

TELL = """
import datetime, sys, time
for line in sys.stdin:
    begun = time.monotonic()
    time.sleep(0.01)
    assert 0.01 <= time.monotonic() - begun < 5
    told = datetime.datetime.now(datetime.timezone.utc).timestamp()
    print(time.time(), told, time.monotonic(), flush=True)
"""


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler here")
def test_a_clock_is_set_in_a_process_that_runs_and_what_lasts_goes_by_another(
    tmp_path: Path,
) -> None:
    file = tmp_path / "offset"
    file.write_bytes(bytes(8))
    clock = {"LD_PRELOAD": str(compiled(tmp_path)), "CLOCK_OFFSET": str(file)}
    with subprocess.Popen(
        [sys.executable, "-c", TELL],
        env={**os.environ, **clock},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for offset in (0, HOUR, -HOUR, 0):
            with file.open("r+b", buffering=0) as opened:
                opened.write(struct.pack("=q", offset))
            process.stdin.write("\n")
            process.stdin.flush()
            wall, date, lasted = map(float, process.stdout.readline().split())
            assert wall - time.time() == pytest.approx(offset, abs=10)
            assert date - wall == pytest.approx(0, abs=10)
            assert lasted == pytest.approx(time.monotonic(), abs=10)
        process.stdin.close()
