"""Words and pairs as columns: which there are, and that a corpus is read by words."""

import numpy as np

from tests.trainer.made_up import made_up_corpus, made_up_dataset
from trainer.progress import ProgressReporter
from trainer.systems.linear import LogisticRegression
from trainer.systems.tfidf import TfidfFeatures


def test_a_corpus_of_other_words_is_read_by_words_and_not_by_their_numbers() -> None:
    dataset = made_up_dataset(200)
    tagger = LogisticRegression().fit(dataset, seed=0, reporter=ProgressReporter())
    other = made_up_corpus(201)  # its words have other numbers
    rows = np.arange(100)
    best = tagger.probabilities(other, rows).argmax(axis=1)
    right = [
        dataset.labels[label] in other.tags[row] for row, label in zip(rows, best, strict=True)
    ]
    assert np.mean(right) > 0.9


def test_pairs_of_words_and_the_title_have_columns_of_their_own() -> None:
    dataset = made_up_dataset(200)
    one, matrix = TfidfFeatures.fit(dataset.corpus, dataset.split.train, "text")
    two, wider = TfidfFeatures.fit(dataset.corpus, dataset.split.train, "title+text")
    assert any(" " in term for term in one.vectorizers[0].vocabulary_)
    assert matrix.shape[1] < wider.shape[1]
    assert wider.shape == two.matrix(dataset.corpus, dataset.split.train).shape
