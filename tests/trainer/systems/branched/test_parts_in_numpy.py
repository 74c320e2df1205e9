"""The branches' parts that need no TensorFlow."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from core.model.encoding import encode
from tests.trainer.made_up import made_up_dataset
from trainer.data.dataset import DatasetOptions, make_dataset
from trainer.systems.branched.documents import document_vectors
from trainer.systems.branched.encoded_dataset import prepare, unlabelled_rows
from trainer.systems.branched.fitting_run import TimeEstimate
from trainer.systems.branched.hyperparameters import FitHyperparameters, Hyperparameters
from trainer.systems.branched.logistic import fit_stacking_weights, fit_terms, logit_of_share
from trainer.systems.branched.tables import make_tables
from trainer.systems.branched.vocabulary import build_vocabulary, count_common

DEFAULTS = Hyperparameters()
MADE_UP = made_up_dataset(150)


def test_a_vocabulary_begins_with_the_words_of_most_questions() -> None:
    dataset = made_up_dataset(200)
    vocabulary = build_vocabulary(dataset.corpus, np.arange(200), DEFAULTS.inputs)
    rarity = vocabulary.idf[1 : vocabulary.unknown]
    assert (np.diff(rarity) >= 0).all()
    texts = [{*dataset.corpus.titles[row], *dataset.corpus.bodies[row]} for row in range(200)]
    first = dataset.corpus.lexicon.index(vocabulary.words[0])
    questions = sum(first in text for text in texts)
    assert rarity[0] == pytest.approx(np.log(201 / (1 + questions)) + 1, abs=1e-4)
    common = count_common(vocabulary, 200, 0.2)
    spread = [
        sum(dataset.corpus.lexicon.index(word) in text for text in texts)
        for word in vocabulary.words[common - 1 : common + 1]
    ]
    assert spread[0] > 40 >= spread[1]


def test_pairs_are_of_enough_questions() -> None:
    dataset = made_up_dataset(200)
    vocabulary = build_vocabulary(dataset.corpus, np.arange(200), DEFAULTS.inputs)
    assert vocabulary.pairs
    left, right = (vocabulary.words[number - 1] for number in vocabulary.pairs[-1])
    holding = 0
    for row in range(200):
        for text in (dataset.corpus.titles[row], dataset.corpus.bodies[row]):
            words = " ".join(dataset.corpus.lexicon[word] for word in text)
            if f" {left} {right} " in f" {words} ":
                holding += 1
                break
    assert holding >= DEFAULTS.inputs.pair_questions


def test_nothing_of_the_test_part_is_material() -> None:
    dataset = make_dataset(
        MADE_UP.corpus, DatasetOptions(min_questions=50, top_tags=2, split="time")
    )
    encoded = prepare(dataset, DEFAULTS)
    assert not np.isin(encoded.rows, dataset.split.test).any()
    assert unlabelled_rows(dataset).max() < dataset.split.test.min()
    assert len(encoded.validation) == len(dataset.split.validation)
    np.testing.assert_array_equal(encoded.rows[encoded.validation], dataset.split.validation)


def test_labels_stand_by_frequency_and_their_places_lead_back() -> None:
    dataset = make_dataset(MADE_UP.corpus, DatasetOptions(min_questions=50, top_tags=3))
    encoded = prepare(dataset, DEFAULTS)
    assert encoded.tags.shape[1] == 6  # three are auxiliary
    np.testing.assert_array_equal(
        encoded.tags[:, list(encoded.places)], dataset.targets[encoded.rows]
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


def test_a_tiny_site_has_tables_and_document_vectors_of_full_size() -> None:
    encoded = prepare(MADE_UP, DEFAULTS)
    tables = make_tables(MADE_UP.corpus, encoded, DEFAULTS, seed=0)
    assert tables.sequence.shape == (encoded.words, 200)
    with document_vectors(encoded, tables) as vectors:
        assert vectors.shape == (len(encoded), 4 * 200)
        assert np.isfinite(vectors[np.arange(len(encoded))]).all()
    again = make_tables(MADE_UP.corpus, encoded, DEFAULTS, seed=0)
    np.testing.assert_array_equal(tables.meaning, again.meaning)


def test_tables_can_be_made_from_some_of_the_questions() -> None:
    few = replace(DEFAULTS, fit=FitHyperparameters(table_questions=20))
    encoded = prepare(MADE_UP, few)
    assert np.isfinite(make_tables(MADE_UP.corpus, encoded, few, seed=0).meaning).all()


def test_terms_learn_what_stands_for_a_label() -> None:
    dice = np.random.default_rng(0)
    tags = (dice.random((400, 2)) < [0.5, 0.1]).astype(np.uint8)
    noise = dice.random((400, 3)).astype(np.float32)
    ended = []
    table, bias = fit_terms(
        sp.csr_matrix(np.hstack([tags, noise]).astype(np.float32)),
        tags,
        FitHyperparameters(),
        seed=1,
        after_epoch=lambda: ended.append(1),
    )
    assert table[0, 0] > 2 > table[2:, 0].max()
    assert table[1, 1] > 2
    assert bias[1] < bias[0]
    assert len(ended) == FitHyperparameters().term_epochs


def test_a_labels_share_becomes_a_finite_logit() -> None:
    tags = np.array([[1, 0, 1], [1, 0, 0]], np.uint8)
    found = logit_of_share(tags)
    assert found[2] == pytest.approx(0)
    assert np.isfinite(found).all()


def test_shares_undo_a_branchs_scale_and_leave_out_one_that_says_nothing() -> None:
    dice = np.random.default_rng(0)
    logits = dice.normal(-1, 2, (3000, 4)).astype(np.float32)
    tags = (dice.random(logits.shape) < 1 / (1 + np.exp(-logits))).astype(np.uint8)
    noise = dice.normal(0, 1, logits.shape).astype(np.float32)
    weight, of_noise, shift = fit_stacking_weights([logits * 2 - 3, noise], tags)
    assert weight == pytest.approx(0.5, abs=0.05)
    assert of_noise == pytest.approx(0, abs=0.05)
    assert shift == pytest.approx(1.5, abs=0.15)


def test_the_time_left_is_by_the_speed_so_far() -> None:
    times = iter([100.0, 130.0])
    estimate = TimeEstimate(40, now=lambda: next(times))
    estimate.advance(10)
    assert estimate.left() == pytest.approx(90)
    estimate.advance(1000)
    assert estimate.done == estimate.of


@pytest.mark.parametrize("tag", [0, 1])
def test_shares_are_equal_where_nothing_can_be_told_apart(tag: int) -> None:
    logits = np.ones((3, 2), np.float32)
    tags = np.full((3, 2), tag, np.uint8)
    assert fit_stacking_weights([logits, logits], tags).tolist() == [0.5, 0.5, 0.0]


def test_shares_stay_small_where_a_branch_tells_every_tag() -> None:
    tags = np.eye(4, dtype=np.uint8)
    weights = fit_stacking_weights([8.0 * tags - 4, 2.0 * tags - 1], tags)
    assert np.isfinite(weights).all()
    assert np.abs(weights).max() < 10
