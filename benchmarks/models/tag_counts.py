"""How many tags are worth learning, what their names say, and what implied parents would add.

Run: PYTHONPATH=. python benchmarks/models/tag_counts.py FILE…
         [--system branched|logistic-regression]

The newest tenth of a file's questions is not looked at, the newest tenth of the others is the
validation part. A system learns all tags of two uses or more from the rest, once; what it says of
the validation part is cut to the most frequent tags, and judged against all tags of the authors.
Names are judged on the half of that part that they were not learned from. The columns: tags, uses
of the rarest, then without and with names nDCG@5, recall@5, precision@1 (all tags), and log loss.
"""

import argparse
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from core.model.post_processing.steps import PostProcessing
from review.tags.relations import Implication, learn_relations
from trainer.compare.sources import file_source
from trainer.data.corpus import Corpus, read_corpus
from trainer.data.dataset import Dataset
from trainer.data.labels import multi_hot
from trainer.data.splits import Split
from trainer.progress import ProgressReporter
from trainer.scoring.metrics import METRICS, Floats, Scores, ndcg
from trainer.scoring.names import fit_names
from trainer.systems.branched.system import BranchedNetwork
from trainer.systems.linear import LogisticRegression

COUNTS: Final = (50, 100, 200, 300, 400, 500, 800)
SYSTEMS: Final = {system.name: system for system in (BranchedNetwork(), LogisticRegression())}


def main() -> None:
    """Print a table for each file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--system", choices=SYSTEMS, default=BranchedNetwork.name)
    given = parser.parse_args()
    system = SYSTEMS[given.system]
    for file in given.files:
        source = file_source(file, None)
        corpus = read_corpus(source.site, source.questions(), system.text)
        dataset, ranked = all_tags(corpus)
        began = time.process_time()
        tagger = system.fit(dataset, seed=0, reporter=ProgressReporter())
        seconds = time.process_time() - began
        found = tagger.predict_validation(dataset)
        judges = replace(dataset.split, validation=tagger.validation_rows(dataset))
        dataset = replace(dataset, split=judges)
        size = tagger.size() / 2**20
        print(
            f"{source.site}: {len(ranked)} tags, {seconds:.0f} s of processor time, {size:.0f} MB"
        )
        for count in COUNTS:
            show(dataset, found, ranked[:count])
            if count >= len(ranked):
                break
        show_implied(dataset, found)


def all_tags(corpus: Corpus) -> tuple[Dataset, list[str]]:
    """The dataset of all tags of two uses or more, and those, the most frequent first."""
    tagged = [row for row, tags in enumerate(corpus.tags) if tags]
    older, _ = corpus.cut(tagged[round(len(tagged) * 0.9)])
    rows = np.array([row for row, tags in enumerate(older.tags) if tags])
    train, validation = np.split(rows, [round(len(rows) * 0.9)])
    counts = Counter(tag for row in train for tag in older.tags[row])
    ranked = sorted((tag for tag in counts if counts[tag] > 1), key=lambda tag: (-counts[tag], tag))
    labels = tuple(sorted(ranked))
    targets = multi_hot(older.tags, labels)
    split = Split(train[targets[train].any(axis=1)], validation, validation[:0])
    return Dataset(older, labels, targets, split), ranked


def show(dataset: Dataset, probabilities: Floats, tags: list[str]) -> None:
    """A row: the most frequent tags alone, as they are and with what their names say."""
    labels = tuple(sorted(tags))
    columns = [dataset.labels.index(label) for label in labels]
    cut = replace(dataset, labels=labels, targets=dataset.targets[:, columns])
    uses = int(cut.targets[cut.split.train].sum(axis=0).min())
    plain = probabilities[:, columns]
    print(
        f"{len(labels):5} {uses:6} uses   {_judge(cut, plain)}   {_judge(cut, _named(cut, plain))}"
    )


def _named(dataset: Dataset, probabilities: Floats) -> Floats:
    """With what names say, where each half of the validation part teaches the other."""
    rows, told = dataset.split.validation, probabilities.copy()
    for first in (0, 1):
        teaches, judged = slice(first, None, 2), slice(1 - first, None, 2)
        names = fit_names(dataset, rows[teaches], probabilities[teaches])
        if names is not None:
            named = names.find(dataset.corpus, rows[judged])
            told[judged] = PostProcessing(names.weights).apply(probabilities[judged], named)
    return told


def _judge(dataset: Dataset, probabilities: Floats) -> str:
    """nDCG@5, recall@5 and precision@1 against all tags, and log loss of the known ones."""
    rows = dataset.split.validation
    tags = np.array([len(set(dataset.corpus.tags[row])) for row in rows])
    targets = dataset.targets[rows]
    scores = Scores(targets, probabilities, np.full(len(dataset.labels), 0.5))
    recall = (scores.hits[:, :5].sum(axis=1) / tags).mean()
    first = METRICS["precision_at_1"](scores)
    loss = METRICS["log_loss"](scores)
    return f"{ndcg(scores, tags, k=5).mean():.4f} {recall:.4f} {first:.4f} {loss:.5f}"


def show_implied(dataset: Dataset, probabilities: Floats) -> None:
    """Rows: a parent is as probable as its tag, times the share of questions that have both."""
    tags = [dataset.corpus.tags[row] for row in dataset.split.train]
    known = set(dataset.labels)
    relations = [
        one for one in learn_relations(tags).implications if {one.tag, one.parent} <= known
    ]
    raised = _raise_parents(dataset, probabilities, relations)
    cells = int((raised != probabilities).sum())
    print(f"{len(relations)} implied parents: {cells} cells raised   {_judge(dataset, raised)}")


def _raise_parents(dataset: Dataset, probabilities: Floats, relations: list[Implication]) -> Floats:
    raised = probabilities.copy()
    for one in relations:
        tag, parent = (dataset.labels.index(name) for name in (one.tag, one.parent))
        least = probabilities[:, tag] * one.confidence
        raised[:, parent] = np.maximum(raised[:, parent], least)
    return raised


if __name__ == "__main__":
    main()
