"""How fast `tagger import` reads a dump into Postgres, and what it holds in memory.

Run: PYTHONPATH=.:benchmarks python benchmarks/report/import_dump.py
         QUESTIONS [--site cooking] [--times 1 10] [--database postgres]

The questions, a file of JSON lines, are imported as many times as is said, in one file, each time
under other numbers. Prints for each questions a second and the most that the process held.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from report.question_files import multiply
from worker_memory import ROOT, database


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import took."""

    times: int
    questions: int
    seconds: float
    peak_mb: float  # of the process' resident memory

    @property
    def rate(self) -> float:
        """Questions a second, from the program's start."""
        return self.questions / self.seconds


def import_dump(questions: Path, site: str, times: int, kind: str, folder: Path) -> Imported:
    """Import a file into a database of its own."""
    dump = folder / f"{times}.jsonl.gz"
    multiply(questions, dump, times)
    own = folder / f"{kind}{times}"
    own.mkdir(mode=0o700)
    with database(kind, own, 0) as (address, _):
        env = os.environ | {
            "PYTHONPATH": str(ROOT),
            "TAGGER_DATABASE_URL": address,
            "TAGGER_DATA_DIR": str(own),
            "COLUMNS": "200",
        }
        command = [sys.executable, "-m", "tagger", "import", "--site", site, str(dump)]
        began = time.monotonic()
        process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
        if status != 0:
            sys.exit(f"the import ended with {status}")
        told = process.stdout.read() if process.stdout is not None else ""
    row = next(line for line in told.splitlines() if dump.name in line)
    count = int(row.split("│")[2].replace(",", ""))
    return Imported(times, count, seconds, used.ru_maxrss / 1024)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("questions", type=Path)
    parser.add_argument("--site", default="cooking")
    parser.add_argument("--times", type=int, nargs="+", default=[1, 10])
    parser.add_argument("--database", choices=["postgres", "sqlite"], default="postgres")
    chosen = parser.parse_args()
    print("| questions | questions/s | peak, MB |")
    print("|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        for times in chosen.times:
            one = import_dump(chosen.questions, chosen.site, times, chosen.database, Path(name))
            print(f"| {one.questions:,} | {one.rate:,.0f} | {one.peak_mb:.0f} |", flush=True)


if __name__ == "__main__":
    main()
