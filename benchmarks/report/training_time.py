"""How long a training takes by architecture, and what it holds in memory.

Run: PYTHONPATH=.:benchmarks python benchmarks/report/training_time.py
         QUESTIONS [--site cooking] [--architectures simple conv1d branched] [--epochs 3]

Each trains on the same imported questions, in a process of its own, as `tagger train` does; so the
gate, the export and the report are in it.
"""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from report.processes import Taken, run

ARCHITECTURES = ("simple", "conv1d", "branched")


def train_all(
    questions: Path, site: str, architectures: Sequence[str], epochs: int, folder: Path
) -> Iterator[tuple[str, Taken]]:
    """Import the questions, and train each architecture on them."""
    settings, log = {"TAGGER_DATA_DIR": str(folder)}, folder / "log"
    run(("import", "--site", site, str(questions)), settings, log)
    options = ("--site", site, "--epochs", str(epochs), "--no-promote", "--fresh")
    for one in architectures:
        yield one, run(("train", *options, "--architecture", one), settings, log)


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
        for kind, one in train_all(chosen.questions, site, kinds, chosen.epochs, folder):
            figures = f"{one.seconds:.0f} | {one.processor:.0f} | {one.peak_mb:,.0f}"
            print(f"| {kind} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
