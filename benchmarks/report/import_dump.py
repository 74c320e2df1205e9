"""How fast `tagger import` reads a dump into Postgres, and what it holds in memory.

Run: PYTHONPATH=.:benchmarks python benchmarks/report/import_dump.py
         QUESTIONS [--site cooking] [--times 1 10] [--database postgres]

The questions, a file of JSON lines, are imported as many times as is said, in one file, each time
under other numbers. Prints for each questions a second and the most that the process held.
"""

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path

from arranged.question_files import multiply
from arranged.servers import database
from report.processes import Taken, run


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import took."""

    questions: int
    taken: Taken

    @property
    def rate(self) -> float:
        """Questions a second, from the program's start."""
        return self.questions / self.taken.seconds


def import_dump(questions: Path, site: str, times: int, kind: str, folder: Path) -> Imported:
    """Import a file into a database of its own."""
    dump = folder / f"{times}.jsonl.gz"
    multiply(questions, dump, times)
    own = folder / f"{kind}{times}"
    own.mkdir(mode=0o700)
    with database(kind, own) as (address, _):
        settings = {"TAGGER_DATABASE_URL": address, "TAGGER_DATA_DIR": str(own)}
        taken = run(("import", "--site", site, str(dump)), settings, folder / "log")
    row = next(line for line in (folder / "log").read_text().splitlines() if dump.name in line)
    count = int(row.split("│")[2].replace(",", ""))
    return Imported(count, taken)


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
            print(f"| {one.questions:,} | {one.rate:,.0f} | {one.taken.peak_mb:.0f} |", flush=True)


if __name__ == "__main__":
    main()
