"""What excerpts of tags' wikis would add to their names, in front of a network's probabilities.

Run: PYTHONPATH=.:benchmarks python benchmarks/models/excerpts.py FILE --excerpts EXCERPTS.json
         [--sizes 2000]

EXCERPTS.json is an object of a text for each tag. The newest fifth of the file's questions judges;
so many of the others, drawn at random, are learned, and all of them once. The network is fitted
once; then the eight numbers of names are learned on its validation part as `tagger train` learns
them, and again with two more for the share of a tag's excerpt that a question says, as a tag is
rarer. A word of an excerpt counts by idf, that among the questions times that among the excerpts; a
word of the tag's name does not count. A row: how many tags have an excerpt, then with names and
with both nDCG@5, recall@5 and precision@1 against all tags of the authors, and log loss, and the
paired difference in thousandths with its 95% interval by the bootstrap.
"""

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from models.learning_curve import draw_questions, make_parts

from core.model.post_processing.calibration import logit, sigmoid
from core.model.text.names import TagNames, rarities
from core.model.tokenizer import question_words
from trainer.compare.sources import file_source
from trainer.data.corpus import Corpus
from trainer.data.dataset import Dataset, Holdout
from trainer.data.labels import multi_hot
from trainer.data.splits import Rows
from trainer.progress import ProgressReporter
from trainer.scoring.metrics import Floats, Scores, ndcg
from trainer.scoring.names import FREQUENT, find_names
from trainer.systems.branched.system import BranchedNetwork

LEARNED: Final = 0.8  # of the questions, the older ones
RESAMPLES: Final = 2000
STEPS: Final = 30  # of Newton's method


def main() -> None:
    """Print a row for each number of questions."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--excerpts", type=Path, required=True)
    parser.add_argument("--sizes", type=int, nargs="*", default=[2000])
    given = parser.parse_args()
    source = file_source(given.file)
    tagged = [question for question in source.questions() if question.tags]
    first = int(len(tagged) * LEARNED)
    for size in (*given.sizes, first):
        learned = tagged[:first] if size == first else draw_questions(tagged[:first], size, seed=0)
        dataset, holdout = make_parts(source.site, learned, tagged[first:])
        show(dataset, holdout, json.loads(given.excerpts.read_text()))


def show(dataset: Dataset, holdout: Holdout, excerpts: dict[str, str]) -> None:
    """Fit the network and print a row."""
    network = BranchedNetwork().fit(dataset, seed=0, reporter=ProgressReporter())
    cells = Cells(dataset, excerpts)
    parts = (
        (dataset.corpus, network.validation_rows(dataset), network.predict_validation(dataset)),
        (holdout.corpus, holdout.rows, network.probabilities(holdout.corpus, holdout.rows)),
    )
    (teaches, targets), (judges, _) = (
        (cells.columns(*part), multi_hot([part[0].tags[row] for row in part[1]], dataset.labels))
        for part in parts
    )
    names, both = (
        judge(dataset, holdout, sigmoid(learn(teaches[:many], targets) @ judges[:many]))
        for many in (8, 10)
    )
    written = sum(tag in excerpts for tag in dataset.labels)
    print(f"{len(dataset.corpus):,} questions, {written} of {len(dataset.labels)} tags have one")
    draws = np.random.default_rng(0).integers(0, names.shape[1], (RESAMPLES, names.shape[1]))
    for name, before, after in zip(("nDCG@5", "R@5", "P@1", "log loss"), names, both, strict=True):
        more = 1000 * (after - before)
        low, high = np.quantile(more[draws].mean(axis=1), [0.025, 0.975])
        told = f"{more.mean():+.2f} ({low:+.2f} to {high:+.2f})"
        print(f"    {name:8} {before.mean():.4f} {after.mean():.4f}   {told}", flush=True)


class Cells:
    """What is known of each question and label."""

    def __init__(self, dataset: Dataset, excerpts: dict[str, str]) -> None:
        corpus, text = dataset.corpus, dataset.corpus.text
        uses = dataset.targets[dataset.split.train].sum(axis=0)
        self._rarity = rarities(uses, frequent=FREQUENT)
        words = [question_words(label, "", text)[0] for label in dataset.labels]
        self._names = TagNames(words)
        ids = {word: number for number, word in enumerate(corpus.lexicon)}
        told = [question_words(excerpts.get(label, ""), "", text)[0] for label in dataset.labels]
        known = [
            {ids[word] for word in said if word in ids and word not in own}
            for said, own in zip(told, words, strict=True)
        ]
        self._shares = excerpt_shares(known, holding(corpus))

    def columns(self, corpus: Corpus, rows: Rows, probabilities: Floats) -> Floats:
        """Logit, 1, name in the title, name anywhere, excerpt; each also times the rarity."""
        logits = logit(np.asarray(probabilities, np.float64))
        named = find_names(self._names, corpus, rows)
        anywhere, titled = np.zeros(logits.shape), np.zeros(logits.shape)
        anywhere[named.rows, named.labels] = 1.0
        titled[named.rows, named.labels] = named.titled
        said = (words_of(corpus, rows) @ self._shares).toarray()
        columns = (logits, np.ones(logits.shape), titled, anywhere, said)
        return np.stack([(one * by).ravel() for one in columns for by in (1.0, self._rarity)])


def words_of(corpus: Corpus, rows: Rows) -> Any:
    """Whether a question has a word: sparse, (questions, words)."""
    own = [np.unique(np.concatenate([corpus.titles[row], corpus.bodies[row]])) for row in rows]
    ends = np.concatenate([[0], np.cumsum([len(words) for words in own])])
    ids = np.concatenate(own)
    return sp.csr_matrix((np.ones(len(ids)), ids, ends), (len(rows), len(corpus.lexicon)))


def holding(corpus: Corpus) -> Floats:
    """How many questions hold each word."""
    return np.asarray(words_of(corpus, np.arange(len(corpus))).sum(axis=0)).ravel()


def excerpt_shares(known: list[set[int]], questions: Floats) -> Any:
    """What each word is of each label's excerpt, which adds up to 1: sparse, (words, labels)."""
    held = Counter(word for words in known for word in words)
    written = sum(map(bool, known))
    shares = sp.lil_matrix((len(questions), len(known)))
    for label, words in enumerate(known):
        own = np.array([word for word in sorted(words) if questions[word] > 1], np.int64)
        among = np.log(written / np.array([held[word] for word in own.tolist()]))
        rarity = among * np.log(len(questions) / questions[own]).clip(0)
        if rarity.sum() > 0:
            shares[own, label] = rarity / rarity.sum()
    return shares.tocsr()


def learn(columns: Floats, targets: npt.NDArray[np.uint8]) -> Floats:
    """Logistic regression by Newton's steps, with the ridge that names have."""
    start = np.eye(len(columns))[0]
    weights, ridge = start, 0.1
    for _ in range(STEPS):
        told = sigmoid(weights @ columns)
        slope = columns @ (targets.ravel() - told) - ridge * (weights - start)
        curve = (columns * (told * (1 - told))) @ columns.T + ridge * np.eye(len(columns))
        weights = weights + np.clip(np.linalg.solve(curve, slope), -1, 1)
    return weights


def judge(dataset: Dataset, holdout: Holdout, told: Floats) -> Floats:
    """nDCG@5, recall@5, precision@1 and log loss of each question: shape (4, questions)."""
    own = [holdout.corpus.tags[row] for row in holdout.rows]
    tags = np.array([len(set(one)) for one in own])
    targets = multi_hot(own, dataset.labels)
    probabilities = told.reshape(targets.shape).clip(1e-12, 1 - 1e-12)
    scores = Scores(targets, probabilities, np.full(len(dataset.labels), 0.5))
    right = np.where(targets == 1, probabilities, 1 - probabilities)
    hits = scores.hits.astype(np.float64)
    loss: Floats = -np.log(right).mean(axis=1)
    return np.stack([ndcg(scores, tags, k=5), hits[:, :5].sum(axis=1) / tags, hits[:, 0], loss])


if __name__ == "__main__":
    main()
