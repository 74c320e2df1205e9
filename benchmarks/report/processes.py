"""What a command of the program takes."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.processes import ROOT

LOOK_SECONDS = 0.1
_PEAK = re.compile(r"VmHWM:\s+(\d+) kB")


@dataclass(frozen=True, slots=True)
class Taken:
    """What it took: seconds, those of the processor, and the most memory that it held."""

    seconds: float
    processor: float
    peak_mb: float  # resident, of its own process; the system's count begins with its parent's


def run(arguments: Sequence[str], settings: Mapping[str, str], log: Path) -> Taken:
    """Run a command of the program with some settings, and write what it says into a file.

    Raises:
        SystemExit: it failed.
    """
    env = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200", **settings}
    peak = 0.0
    with log.open("wb") as file:
        began = time.monotonic()
        command = [sys.executable, "-m", "tagger", *arguments]
        process = subprocess.Popen(command, env=env, stdout=file, stderr=file)
        while True:
            found = _PEAK.search(Path(f"/proc/{process.pid}/status").read_text())
            peak = max(peak, int(found[1]) / 1024 if found else 0.0)
            pid, status, used = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            time.sleep(LOOK_SECONDS)
        seconds = time.monotonic() - began
    if status != 0:
        sys.exit(log.read_text()[-2000:])
    return Taken(seconds, used.ru_utime + used.ru_stime, peak)
