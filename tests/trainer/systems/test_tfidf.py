"""Words and pairs as columns: which there are, and that a corpus is read by words."""

import numpy as np
import pytest

from core.errors import NotEnoughQuestions
from core.model.tokenizer import TextSettings
from tests.trainer.made_up import made_up_corpus, made_up_dataset
from trainer.data.corpus import LabelledQuestion, read_corpus
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


def test_a_part_whose_questions_share_no_term_has_no_columns() -> None:
    lone = (
        LabelledQuestion(number, f"title{number}", f"<p>{' '.join(body)}</p>", ("a",), str(number))
        for number, body in enumerate([("both",), ("both",), ("other",)] * 2)
    )
    corpus = read_corpus("stats", lone, TextSettings())
    rows = np.arange(4)
    features, matrix = TfidfFeatures.fit(corpus, rows, "title+text")
    assert [vectorizer is None for vectorizer in features.vectorizers] == [True, False]
    assert matrix.shape == features.matrix(corpus, rows).shape
    assert features.size() > 0
    with pytest.raises(NotEnoughQuestions, match="share no words"):
        TfidfFeatures.fit(corpus, rows[:1], "title+text")
