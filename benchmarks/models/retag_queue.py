"""What the queue of disputed author tags is worth: how many of its first questions are mistagged.

Run: PYTHONPATH=. python benchmarks/models/retag_queue.py FILE…

A linear model learns the older four fifths of a file's questions. Of the author tags of the others
a tenth is dropped or replaced by another tag at random; the questions that this changes are to be
found. Of the first hundred of each order, the share of them: by label quality, as the queue has it,
by the model's uncertainty, which knows nothing of the author's tags, and by chance.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.agreement.label_quality import label_quality, uncertainty
from trainer.compare.sources import file_source
from trainer.data.corpus import Corpus, read_corpus
from trainer.data.dataset import Dataset
from trainer.data.labels import choose_labels, multi_hot
from trainer.data.splits import Split
from trainer.progress import ProgressReporter
from trainer.systems.linear import LogisticRegression

TOP_TAGS = 100
CHANGED = 0.1  # of the author tags
KEPT = 10  # tags of a prediction
FIRST = 100
SEEDS = 20  # of the changes, over which the shares are averaged


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Questions that the model has not seen: their labels, and the kept tags of each."""

    labels: tuple[str, ...]
    tags: list[tuple[str, ...]]
    kept: list[dict[str, float]]


def main() -> None:
    """Print a row for each file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", type=Path, nargs="+")
    print(f"{'site':12}{'questions':>10}{'disputed':>10}{'uncertain':>10}{'by chance':>10}")
    for file in parser.parse_args().files:
        source = file_source(file, None)
        corpus = read_corpus(source.site, source.questions(), LogisticRegression.text)
        held = predict(corpus)
        shares = np.mean([judge(held, seed) for seed in range(SEEDS)], axis=0)
        print(f"{source.site:12}{len(held.tags):10,}" + "".join(f"{s:10.2f}" for s in shares))


def predict(corpus: Corpus) -> HeldOut:
    """Learn from the older questions, and predict the newer ones."""
    older, newer = corpus.cut(len(corpus) * 4 // 5)
    labels = choose_labels(older.tags, TOP_TAGS)
    targets = multi_hot(older.tags, labels)
    rows = np.flatnonzero(targets.any(axis=1))
    newest = round(len(rows) * 0.9)
    split = Split(rows[:newest], rows[newest:], rows[:0])
    dataset = Dataset(older, labels, targets, split)
    tagger = LogisticRegression().fit(dataset, seed=0, reporter=ProgressReporter())
    known = set(labels)
    chosen = np.array(
        [row for row, tags in enumerate(newer.tags) if known.intersection(tags)], np.int64
    )
    probabilities = tagger.probabilities(newer, chosen)
    return HeldOut(
        tuple(labels),
        [tuple(newer.tags[row]) for row in chosen],
        [_keep(labels, row) for row in probabilities],
    )


def _keep(labels: tuple[str, ...], row: npt.NDArray[np.float64]) -> dict[str, float]:
    order = np.argsort(-row)[:KEPT]
    return {labels[place]: float(row[place]) for place in order}


def judge(held: HeldOut, seed: int) -> tuple[float, float, float]:
    """The share of changed questions among the first of both orders, and of all."""
    dice = np.random.default_rng(seed)
    tags = [_change(one, held.labels, dice) for one in held.tags]
    changed = np.array([new != old for new, old in zip(tags, held.tags, strict=True)])
    quality = [label_quality(t, k, held.labels) for t, k in zip(tags, held.kept, strict=True)]
    unsure = [uncertainty(k.values()) for k in held.kept]
    return (
        float(changed[np.argsort(quality)[:FIRST]].mean()),
        float(changed[np.argsort(-np.array(unsure))[:FIRST]].mean()),
        float(changed.mean()),
    )


def _change(
    tags: tuple[str, ...], labels: tuple[str, ...], dice: np.random.Generator
) -> tuple[str, ...]:
    """Drop or replace a tenth of the tags that the model knows."""
    found: list[str] = []
    for tag in tags:
        if tag not in labels or dice.random() >= CHANGED:
            found.append(tag)
        elif dice.random() < 0.5:
            others = [label for label in labels if label not in tags]
            found.append(str(dice.choice(others)))
    return tuple(found)


if __name__ == "__main__":
    main()
