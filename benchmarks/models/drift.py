"""How often a month in which nothing drifts is reported, and how soon a shift is.

Run: PYTHONPATH=. python benchmarks/models/drift.py months [--count 1000] [--correlation 0.01]
     PYTHONPATH=. python benchmarks/models/drift.py real FILE OTHER_FILE…

`months` makes months up: 5 to 1,000 questions a day, looked at each hour; the questions of one day
resemble each other by a correlation. `real` reads files of questions as `tagger import` does: for
the first, a linear model learns from the older half of its questions, and the newer half then comes
in by the order of its numbers, as it is or followed by questions of the other sites.
"""

import argparse
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.agreement.drift import find_drop
from core.agreement.live import DayAgreement
from core.agreement.scores import Agreement
from trainer.compare.sources import file_source
from trainer.data.corpus import Corpus, read_corpus
from trainer.data.dataset import Dataset, Holdout
from trainer.data.labels import choose_labels, multi_hot
from trainer.data.splits import Split
from trainer.evaluation.evaluated_models import tag_counts
from trainer.progress import ProgressReporter
from trainer.scoring.metrics import Scores
from trainer.systems.linear import LogisticRegression

FIRST_DAY = date(2026, 1, 1)
DAYS = 30
LOOKS = 24  # a day
WEEKEND, WORKDAY = 0.7, 1.1  # of a day's mean number of questions
HOLDOUT = 1300  # questions of the made-up reference, and at most so many of the real one
PER_DAY = (10, 40, 150)
TRIALS = 40  # of each site and number a day
SHIFTED = 300  # questions of another site at the end
AT = 5

Floats = npt.NDArray[np.float64]
"""Of questions: 1 where the first tag is the author's, and recall@5; shape (questions, 2)."""


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    kinds = parser.add_subparsers(dest="kind", required=True)
    months = kinds.add_parser("months")
    months.add_argument("--count", type=int, default=1000)
    months.add_argument("--correlation", type=float, default=0.01)
    real = kinds.add_parser("real")
    real.add_argument("files", type=Path, nargs="+")
    chosen = parser.parse_args()
    if chosen.kind == "months":
        made_up_months(chosen.count, chosen.correlation)
    else:
        real_months(chosen.files)


# Looks


def look(days: list[Floats], reference: Agreement) -> int | None:
    """How many questions had come when drift was reported; None where it never was."""
    whole: list[DayAgreement] = []
    seen = 0
    for number, day in enumerate(days):
        moments = np.unique(np.linspace(1, len(day), min(LOOKS, len(day)), dtype=int))
        for moment in moments.tolist() if len(day) else ():
            today = _day(number, day[:moment])
            if find_drop([*whole, today], reference) is not None:
                return seen + moment
        if len(day):
            whole.append(_day(number, day))
            seen += len(day)
    return None


def _day(number: int, questions: Floats) -> DayAgreement:
    return DayAgreement("site", 1, 1, FIRST_DAY + timedelta(number), agreement(questions))


def agreement(questions: Floats) -> Agreement:
    """Their sums."""
    hits, recall = questions.sum(axis=0)
    return Agreement(len(questions), round(hits), float(recall), 0)


def days_of(questions: Floats, a_day: float, dice: np.random.Generator) -> Iterator[Floats]:
    """Questions as they come, so many a day, fewer at weekends."""
    start = number = 0
    while start < len(questions):
        size = dice.poisson(a_day * (WEEKEND if number % 7 > 4 else WORKDAY))
        yield questions[start : start + size]
        start, number = start + size, number + 1


# Made-up months


def made_up_months(count: int, correlation: float) -> None:
    """Print how many of so many quiet months are reported."""
    dice = np.random.default_rng(0)
    reported = 0
    for _ in range(count):
        a_day = float(np.exp(dice.uniform(np.log(5), np.log(1000))))
        levels = float(dice.uniform(0.5, 0.85)), float(dice.uniform(0.55, 0.95))
        sizes = dice.poisson(a_day * dice.gamma(10, 0.1, DAYS))
        month = [_made_up_day(int(size), levels, correlation, dice) for size in sizes]
        blocks = [_made_up_day(40, levels, correlation, dice) for _ in range(HOLDOUT // 40)]
        reported += look(month, agreement(np.concatenate(blocks))) is not None
    print(f"{reported} of {count:,} quiet months are reported (correlation {correlation})")


def _made_up_day(
    size: int, levels: tuple[float, float], correlation: float, dice: np.random.Generator
) -> Floats:
    """A day whose own levels are beta distributed around those of the month."""
    spread = 1 / correlation - 1
    precision, recall = (dice.beta(level * spread, (1 - level) * spread) for level in levels)
    tags = dice.integers(1, 6, size)
    return np.column_stack([dice.random(size) < precision, dice.binomial(tags, recall) / tags])


# Real questions


def real_months(files: list[Path]) -> None:
    """Print how many stretches of the first file are reported, and how soon the others' are."""
    own, *others = (_corpus(file) for file in files)
    quality = _Quality(own)
    newer = quality.of(quality.newer)
    shifted = np.concatenate([quality.of(other)[-SHIFTED:] for other in others] or [newer[:0]])
    for a_day in PER_DAY:
        dice = np.random.default_rng(a_day)
        held = min(HOLDOUT, len(newer) // 3)
        starts = np.linspace(held, len(newer) - 200, TRIALS, dtype=int).tolist()
        quiet, soon, missed = 0, [], 0
        for start in starts:
            reference, month = agreement(newer[start - held : start]), newer[start:][: DAYS * a_day]
            quiet += look(list(days_of(month, a_day, dice)), reference) is not None
            before = newer[start:][: int(dice.integers(0, 600))]
            told = look(list(days_of(np.concatenate([before, shifted]), a_day, dice)), reference)
            missed += told is None or told <= len(before)
            soon += [told - len(before)] if told is not None and told > len(before) else []
        print(
            f"{own.site}, {a_day} a day: {quiet} of {len(starts)} quiet stretches reported", end=""
        )
        if others:
            late = f"{np.median(soon):.0f} questions in the median, {max(soon)} at most"
            print(f"; of as many shifts {missed} missed, the others told after {late}", end="")
        print(flush=True)


def _corpus(file: Path) -> Corpus:
    source = file_source(file, None)
    return read_corpus(source.site, source.questions(), LogisticRegression.text)


class _Quality:
    """How well a model of the older half of a site's questions tags any others."""

    def __init__(self, corpus: Corpus) -> None:
        older, self.newer = corpus.cut(len(corpus) // 2)
        self._labels = choose_labels(older.tags, 100)
        targets = multi_hot(older.tags, self._labels)
        rows = np.flatnonzero(targets.any(axis=1))
        newest = round(len(rows) * 0.9)
        dataset = Dataset(
            older, self._labels, targets, Split(rows[:newest], rows[newest:], rows[:0])
        )
        self._tagger = LogisticRegression().fit(dataset, seed=0, reporter=ProgressReporter())

    def of(self, corpus: Corpus) -> Floats:
        """Return the quality of each question that has tags."""
        rows = np.array([row for row, tags in enumerate(corpus.tags) if tags], np.int64)
        targets = multi_hot([corpus.tags[row] for row in rows], self._labels)
        probabilities = self._tagger.probabilities(corpus, rows)
        hits = Scores(targets, probabilities, np.ones(len(self._labels))).hits[:, :AT]
        tags = tag_counts(Holdout(corpus, rows))
        return np.column_stack([hits[:, 0], hits.sum(axis=1) / tags]).astype(np.float64)


if __name__ == "__main__":
    main()
