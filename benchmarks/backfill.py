"""How fast `tagger backfill` is on this machine, and what its processes hold in memory.

Run: PYTHONPATH=. python benchmarks/backfill.py BUNDLE QUESTIONS [--times 4]

The questions, a file of JSON lines, are tagged as many times as is said, each time under other
numbers. Prints how long each step takes, and for each kind of process its processor time and the
highest proportional set size that one of them had. Beside other work the processor time says more.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from arranged.question_files import multiply

from tests.memory import family, memory_mb
from tests.processes import ROOT

SAMPLE_SECONDS = 0.25
OTHERS = "Ray's others, together"


def kinds(pid: int) -> Iterator[tuple[int, str, float]]:
    """(process, kind, MB) of the command's process and of all that it has started."""
    for process in family(pid):
        try:
            name = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")[0].decode()
        except OSError:
            continue
        told = "the command" if process == pid else "a process that tags"
        if process != pid and "MapWorker" not in name:
            told = OTHERS
        yield process, told, memory_mb(process)[0]


def own_seconds(pid: int) -> float:
    """The processor time of one process alone; 0 where it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Watched:
    """What is seen of a run: its steps' times, and the peaks of its processes."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._began = time.monotonic()
        self.times: dict[str, float] = {}
        self.peaks: dict[str, float] = {}
        self._seconds: dict[tuple[str, int], float] = {}

    def look(self, pid: int) -> None:
        """Note what is there by now."""
        self._note("questions cut into shards", self._out / "questions.json")
        self._note("the first shard tagged", *(self._out / "predictions").glob("*.parquet"))
        together = 0.0
        for process, kind, held in kinds(pid):
            before = self._seconds.get((kind, process), 0.0)
            self._seconds[kind, process] = max(before, own_seconds(process))
            if kind == OTHERS:
                together += held
            else:
                self._note_peak(kind, held)
        self._note_peak(OTHERS, together)

    def seconds(self, kind: str) -> float:
        """Processor time of all processes of a kind."""
        return sum(spent for (one, _), spent in self._seconds.items() if one == kind)

    def _note_peak(self, kind: str, held: float) -> None:
        self.peaks[kind] = max(self.peaks.get(kind, 0.0), held)

    def _note(self, step: str, *paths: Path) -> None:
        if any(path.exists() for path in paths):
            self.times.setdefault(step, time.monotonic() - self._began)


def measure(bundle: Path, questions: Path, out: Path) -> tuple[Watched, float]:
    """Run the command; return what was seen, and its seconds."""
    command = [sys.executable, "-m", "tagger", "backfill", str(questions), "--out", str(out)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    began = time.monotonic()
    watched = Watched(out)
    with subprocess.Popen(
        [*command, "--model", str(bundle)], cwd=out.parent, env=environment
    ) as run:
        while run.poll() is None:
            watched.look(run.pid)
            time.sleep(SAMPLE_SECONDS)
        if run.returncode != 0:
            sys.exit(run.returncode)
    return watched, time.monotonic() - began


def main() -> None:
    """Parse the arguments and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--times", type=int, default=4)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "questions.jsonl.gz"
        multiply(told.questions, file, told.times)
        print("load before:", *os.getloadavg(), flush=True)
        watched, seconds = measure(told.bundle.resolve(), file, Path(folder) / "out")
    for step, after in (watched.times | {"the end": seconds}).items():
        print(f"| after {after:,.1f} s | {step} |")
    for kind, held in watched.peaks.items():
        print(f"| {kind} | {watched.seconds(kind):,.1f} s | {held:,.0f} MB |")


if __name__ == "__main__":
    main()
