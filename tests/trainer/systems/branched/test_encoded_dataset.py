from dataclasses import replace

import numpy as np

from core.model.encoding import encode
from core.model.sentences.reading import SentenceInput
from tests.trainer.made_up import made_up_dataset
from trainer.data.dataset import DatasetOptions, make_dataset
from trainer.systems.branched.encoded_dataset import prepare, unlabelled_rows
from trainer.systems.branched.hyperparameters import Hyperparameters

DEFAULTS = Hyperparameters()
MADE_UP = made_up_dataset(150)


def test_nothing_of_the_test_part_is_encoded() -> None:
    dataset = make_dataset(
        MADE_UP.corpus, DatasetOptions(min_questions=50, top_tags=2, split="time")
    )
    encoded = prepare(dataset, DEFAULTS)
    assert not np.isin(encoded.rows, dataset.split.test).any()
    assert unlabelled_rows(dataset).max() < dataset.split.test.min()
    assert len(encoded.validation) == len(dataset.split.validation)
    np.testing.assert_array_equal(encoded.rows[encoded.validation], dataset.split.validation)


def test_labels_stand_by_frequency_and_their_columns_lead_back() -> None:
    dataset = make_dataset(MADE_UP.corpus, DatasetOptions(min_questions=50, top_tags=3))
    encoded = prepare(dataset, DEFAULTS)
    assert encoded.tags.shape[1] == 6  # three are auxiliary
    np.testing.assert_array_equal(
        encoded.tags[:, list(encoded.label_columns)], dataset.targets[encoded.rows]
    )
    uses = encoded.tags[~np.isin(encoded.rows, unlabelled_rows(dataset)), :3].sum(axis=0)
    assert (np.diff(uses.astype(int)) <= 0).all()


def test_sparse_weights_are_those_that_are_served() -> None:
    encoded = prepare(MADE_UP, DEFAULTS)
    row = 7
    own = int(encoded.rows[row])
    corpus = MADE_UP.corpus
    words = tuple(
        [corpus.lexicon[word] for word in text[own]] for text in (corpus.titles, corpus.bodies)
    )
    served = encode([(words[0], words[1])], encoded.vocabulary, encoded.inputs)
    dense = np.zeros(encoded.vocabulary.size, np.float32)
    dense[served["terms"][0]] += served["terms_weights"][0]
    np.testing.assert_allclose(encoded.terms[row].toarray()[0], dense, rtol=1e-6)
    np.testing.assert_array_equal(encoded.title[row], served["title"][0])


def test_terms_have_a_sentence_vector_behind_them_where_one_is_read() -> None:
    encoded = prepare(MADE_UP, DEFAULTS)
    vectors = np.eye(len(encoded), 3, dtype=np.float16)
    rows = np.array([2, 0])
    sentence = SentenceInput(name="sentence", length=3, encoder="0" * 64, called="one")
    taught = replace(encoded, vectors=vectors)
    reading = replace(taught, inputs=(*encoded.inputs, sentence))
    found = reading.term_columns(rows).toarray()
    np.testing.assert_array_equal(found[:, :-3], encoded.terms[rows].toarray())
    np.testing.assert_array_equal(found[:, -3:], [[0, 0, 1], [1, 0, 0]])
    assert taught.term_columns(rows).shape == (2, encoded.vocabulary.size)
