"""All that is measured of the service's speed in one run: one table and one picture.

Run: PYTHONPATH=.:benchmarks python benchmarks/report/figures.py
         BUNDLE QUESTIONS [--site cooking] [--only stages job …] [--count 20000] [--out docs]

BUNDLE is what `tagger models export` writes, QUESTIONS a file of JSON lines. The table goes into
`docs/performance.md`, between its two marks, and the picture beside it; what is not asked for by
`--only` stays as the last run left it. Ten minutes in all, on a machine that does nothing else.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import poll_page
import whole_job
from arranged.tagging_work import numbered
from report.import_dump import import_dump
from report.picture import draw
from report.training_time import ARCHITECTURES, train_all

from core.model.bundle import Bundle, unpack
from core.model.predictor import Model
from tests.processes import ROOT

BEGIN, END = "<!-- measured by make bench: begin -->", "<!-- end -->"
NETWORK_BATCHES = (1, 32, 256)
ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """One number."""

    group: str
    what: str
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Given:
    """What a run has to measure with."""

    bundle: Bundle
    packed: Path
    questions: Path
    site: str
    count: int
    folder: Path


def measure_stages(given: Given) -> Iterator[Figure]:
    """Processor time of a question's stages, in batches of 100 on one thread; and the network's."""
    model = Model(given.bundle)
    texts = [(q.title, q.body) for q in numbered(given.questions, given.site, 1000)]
    spent: dict[str, list[float]] = {}

    def timed(name: str, function: Callable[[], object], count: int) -> None:
        began = time.thread_time()
        function()
        spent.setdefault(name, []).append((time.thread_time() - began) / count * 1e6)

    for start in range(0, len(texts), 100):
        some = texts[start : start + 100]
        words = [model.words(*text) for text in some]
        calls = model.encode(words)
        probabilities = model.run(calls)
        timed("HTML and words", lambda some=some: [model.words(*one) for one in some], 100)
        timed("encoding", lambda words=words: model.encode(words), 100)
        timed("network", lambda calls=calls: model.run(calls), 100)
        timed("ranking", lambda found=probabilities: model.rank(found), 100)
    for name, each in spent.items():
        yield Figure("a question's stages", name, statistics.median(each), "µs")
    words = [model.words(*text) for text in texts]
    for size in NETWORK_BATCHES:
        spent.clear()
        for start in range(ROUNDS):
            calls = model.encode(words[start * 100 : start * 100 + size])
            timed("network", lambda calls=calls: model.run(calls), size)
        told = f"batches of {size}"
        yield Figure("network, a question", told, statistics.median(spent["network"]), "µs")


def measure_job(given: Given) -> Iterator[Figure]:
    """The whole job on both databases, with one and two processes, and what it is compared with."""
    questions = numbered(given.questions, given.site, given.count)
    texts = [(question.title, question.body) for question in questions]
    naive = whole_job.naive_pipeline(given.bundle, texts[:100], given.folder)
    loop = whole_job.plain_loop(given.bundle, texts)
    yield Figure("whole job", naive.what, naive.rate, "questions/s")
    yield Figure("whole job", loop.what, loop.rate, "questions/s")
    for kind in ("sqlite", "postgres"):
        for processes in (1, 2):
            own = given.folder / f"{kind}{processes}"
            own.mkdir(mode=0o700)
            row = whole_job.whole_job(given.bundle, questions, kind, processes, own)
            yield Figure("whole job", row.what, row.rate, "questions/s")
            share = row.processor / loop.processor
            yield Figure("processor time, the plain loop's is 1", row.what, share, "")
            share = row.started / loop.started
            yield Figure("once started, the plain loop's is 1", row.what, share, "")
            if processes == 1 and row.start is not None:
                yield Figure("start to the first prediction", kind, row.start, "s")


def measure_page(_: Given) -> Iterator[Figure]:
    """Polling a page of 100 questions."""
    with (
        tempfile.TemporaryDirectory() as folder,
        poll_page.servers(Path(folder)) as settings,
    ):
        milliseconds = statistics.median(poll_page.measure(settings))
    yield Figure("polling", "a page of 100, processor time", milliseconds, "ms")


def measure_import(given: Given) -> Iterator[Figure]:
    """Importing the questions once and ten times into Postgres."""
    for times in (1, 10):
        with tempfile.TemporaryDirectory() as folder:
            one = import_dump(given.questions, given.site, times, "postgres", Path(folder))
        what = f"{one.questions:,} questions"
        yield Figure("import into Postgres", what, one.rate, "questions/s")
        yield Figure("memory of the import, peak", what, one.taken.peak_mb, "MB")


def measure_memory(given: Given) -> Iterator[Figure]:
    """A worker of two processes on Postgres."""
    script = ROOT / "benchmarks" / "worker_memory.py"
    options = ("--limit", "0", "--questions", "2000", "--reloads", "5")
    command = [sys.executable, str(script), str(given.packed), *options]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE, text=True)
    for line in done.stdout.splitlines():
        stage, *numbers = (cell.strip() for cell in line.strip("|").split("|"))
        if len(numbers) == 3 and numbers[0].isdecimal():
            what = stage.partition(" (")[0]
            yield Figure("memory of a worker, two processes", what, float(numbers[0]), "MB")
            yield Figure("the most private of one process", what, float(numbers[1]), "MB")


def measure_training(given: Given) -> Iterator[Figure]:
    """Training each architecture for three epochs."""
    with tempfile.TemporaryDirectory() as folder:
        for what, one in train_all(given.questions, given.site, ARCHITECTURES, 3, Path(folder)):
            yield Figure("training, 3 epochs, processor time", what, one.processor, "s")
            yield Figure("memory of the training, peak", what, one.peak_mb, "MB")


PARTS: dict[str, Callable[[Given], Iterator[Figure]]] = {
    "stages": measure_stages,
    "job": measure_job,
    "memory": measure_memory,
    "page": measure_page,
    "import": measure_import,
    "training": measure_training,
}


def table(measured: dict[str, list[Figure]]) -> str:
    """All figures, a row each."""
    lines = ["| what | of | measured |", "|---|---|---|"]
    for figures in measured.values():
        for one in figures:
            number = f"{one.value:,.0f}" if one.value >= 100 else f"{one.value:,.3g}"
            lines.append(f"| {one.group} | {one.what} | {number} {one.unit}".rstrip() + " |")
    return "\n".join(lines)


def write(page: Path, told: str) -> None:
    """Put the table between the page's marks.

    Raises:
        SystemExit: there are none.
    """
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{page} has not the marks {BEGIN} and {END}")
    page.write_text(f"{before}{BEGIN}\n\n{told}\n\n{END}{after}", encoding="utf-8")


def read(file: Path) -> dict[str, list[Figure]]:
    """What earlier runs have left."""
    if not file.exists():
        return {}
    return {
        part: [Figure(**one) for one in figures]
        for part, figures in json.loads(file.read_text(encoding="utf-8")).items()
    }


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--site", default="cooking")
    parser.add_argument("--only", nargs="+", choices=[*PARTS], default=[*PARTS])
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--out", type=Path, default=ROOT / "docs")
    chosen = parser.parse_args()
    file = chosen.out / "images" / "benchmarks.json"
    measured = read(file)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "bundle").mkdir()
        bundle = unpack(chosen.bundle, folder / "bundle")
        given = Given(bundle, chosen.bundle, chosen.questions, chosen.site, chosen.count, folder)
        for part in chosen.only:
            load = os.getloadavg()[0]  # above the number of cores, other work slowed it down
            measured[part] = [Figure("load average as it began", part, load, "")]
            for one in PARTS[part](given):
                measured[part].append(one)
                print(f"{one.group}, {one.what}: {one.value:,.2f} {one.unit}", flush=True)
    measured = {part: measured[part] for part in PARTS if part in measured}
    told = table(measured)
    print(f"\n{told}")
    kept = {part: [asdict(one) for one in figures] for part, figures in measured.items()}
    file.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    draw([one for figures in measured.values() for one in figures], file.with_suffix(".svg"))
    write(chosen.out / "performance.md", f"Measured on {datetime.now(UTC):%Y-%m-%d}.\n\n{told}")


if __name__ == "__main__":
    main()
