"""How long a training takes by architecture, and what it holds in memory.

Run: PYTHONPATH=.:benchmarks python benchmarks/report/training_time.py
         QUESTIONS [--site cooking] [--architectures simple conv1d branched] [--epochs 3]

Each trains on the same imported questions, in a process of its own, as `tagger train` does; so the
gate, the export and the report are in it.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from worker_memory import ROOT

ARCHITECTURES = ("simple", "conv1d", "branched")


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training took."""

    architecture: str
    seconds: float
    processor: float  # seconds
    peak_mb: float  # of the process' resident memory


def run(folder: Path, *arguments: str) -> tuple[float, float, float]:
    """Run a command of the program: its seconds, processor seconds and peak in MB.

    Raises:
        SystemExit: it failed.
    """
    env = os.environ | {"PYTHONPATH": str(ROOT), "TAGGER_DATA_DIR": str(folder)}
    with (folder / "log").open("ab") as log:
        began = time.monotonic()
        command = [sys.executable, "-m", "tagger", *arguments]
        process = subprocess.Popen(command, env=env, stdout=log, stderr=log)
        _, status, used = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit((folder / "log").read_text()[-2000:])
    return time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def train_all(
    questions: Path, site: str, architectures: Sequence[str], epochs: int, folder: Path
) -> Iterator[Trained]:
    """Import the questions, and train each architecture on them."""
    run(folder, "import", "--site", site, str(questions))
    options = ("--site", site, "--epochs", str(epochs), "--no-promote", "--fresh")
    for one in architectures:
        yield Trained(one, *run(folder, "train", *options, "--architecture", one))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("questions", type=Path)
    parser.add_argument("--site", default="cooking")
    parser.add_argument("--architectures", nargs="+", default=[*ARCHITECTURES])
    parser.add_argument("--epochs", type=int, default=3)
    chosen = parser.parse_args()
    print("| architecture | seconds | of processor | peak, MB |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        site, kinds = chosen.site, chosen.architectures
        for one in train_all(chosen.questions, site, kinds, chosen.epochs, folder):
            figures = f"{one.seconds:.0f} | {one.processor:.0f} | {one.peak_mb:,.0f}"
            print(f"| {one.architecture} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
