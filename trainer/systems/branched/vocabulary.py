"""Which words and pairs of words the network knows, and how rare each is."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from core.model.vocabulary import Vocabulary
from trainer.data.corpus import Corpus, WordIds
from trainer.data.splits import Rows
from trainer.systems.branched.hyperparameters import InputHyperparameters

DECIMALS = 4  # of idf: a manifest stays short, and reads back the same
ROUNDING = 10**-DECIMALS

Counts = npt.NDArray[np.int64]


def build_vocabulary(
    corpus: Corpus, rows: Rows, hyperparameters: InputHyperparameters
) -> Vocabulary:
    """Choose words and pairs of rows of a corpus.

    Words are in the order of how many questions have them, so that the common ones come first.
    idf is ln((1 + n) / (1 + df)) + 1 of n questions, of which df have the term.
    """
    total = len(corpus.lexicon)
    uses = corpus.titles.counts(rows, total) + corpus.bodies.counts(rows, total)
    spread = count_distinct(_both(corpus, row) for row in rows)
    words = _chosen_words(corpus, uses, spread, hyperparameters)
    numbers = np.zeros(total, np.int64)
    numbers[words] = np.arange(1, len(words) + 1)
    keys, together = _pairs(corpus, rows, numbers)
    kept = np.flatnonzero(together >= hyperparameters.pair_questions)
    kept = kept[np.lexsort((keys[kept], -together[kept]))][: hyperparameters.most_pairs]
    radix = len(words) + 1
    frequency = np.concatenate([spread.at(words), together[kept]])
    idf = np.log((1 + len(rows)) / (1 + frequency)) + 1
    return Vocabulary(
        [corpus.lexicon[word] for word in words],
        [(int(key // radix), int(key % radix)) for key in keys[kept]],
        idf.round(DECIMALS).tolist(),
    )


def count_common(vocabulary: Vocabulary, questions: int, share: float) -> int:
    """How many of the vocabulary's first words stand in more than a share of the questions."""
    rarest = np.log((1 + questions) / (1 + share * questions)) + 1
    return int((vocabulary.idf[1 : vocabulary.unknown] < rarest - ROUNDING).sum())


class Spread:
    """In how many questions each id stands."""

    def __init__(self, ids: Counts, questions: Counts) -> None:
        self._ids, self._questions = ids, questions

    def at(self, ids: Counts) -> Counts:
        """The numbers for ids that occur."""
        return self._questions[np.searchsorted(self._ids, ids)]


def count_distinct(texts: Iterable[npt.NDArray[np.int32]]) -> Spread:
    """Count an id once for each text that holds it."""
    distinct = [np.unique(text) for text in texts]
    ids, counts = np.unique(np.concatenate(distinct), return_counts=True)
    return Spread(ids.astype(np.int64), counts)


def _both(corpus: Corpus, row: int) -> npt.NDArray[np.int32]:
    return np.concatenate([corpus.titles[row], corpus.bodies[row]])


def _chosen_words(
    corpus: Corpus, uses: Counts, spread: Spread, hyperparameters: InputHyperparameters
) -> Counts:
    often = np.flatnonzero(uses >= hyperparameters.word_uses)
    most_used = sorted(often.tolist(), key=lambda word: (-uses[word], corpus.lexicon[word]))
    kept = np.array(most_used[: hyperparameters.most_words], np.int64)
    questions = dict(zip(kept.tolist(), spread.at(kept).tolist(), strict=True))
    ranked = sorted(questions, key=lambda word: (-questions[word], corpus.lexicon[word]))
    return np.array(ranked, np.int64)


def _pairs(corpus: Corpus, rows: Rows, numbers: Counts) -> tuple[Counts, Counts]:
    """Keys (left · radix + right) of known neighbours, and how many questions have each."""
    radix = int(numbers.max(initial=0)) + 1

    def keys(text: WordIds, row: int) -> Counts:
        own = numbers[text[row]]
        known = (own[:-1] > 0) & (own[1:] > 0)
        return (own[:-1] * radix + own[1:])[known]

    distinct = [
        np.unique(np.concatenate([keys(corpus.titles, row), keys(corpus.bodies, row)]))
        for row in rows
    ]
    found: tuple[Counts, Counts] = np.unique(np.concatenate(distinct), return_counts=True)
    return found
