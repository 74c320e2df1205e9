from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from tests.trainer.made_up import made_up_dataset
from trainer.systems.branched.documents import document_vectors
from trainer.systems.branched.embeddings import (
    cooccurrence,
    make_tables,
    ppmi,
    truncated_svd,
    unit_rows,
    word_vectors,
)
from trainer.systems.branched.encoded_dataset import prepare
from trainer.systems.branched.hyperparameters import FitHyperparameters, Hyperparameters

DEFAULTS = Hyperparameters()
MADE_UP = made_up_dataset(150)


def text(*ids: int) -> np.ndarray:
    return np.array(ids, np.int32)


def test_a_pair_counts_less_the_farther_its_words_stand_apart() -> None:
    counts = cooccurrence([text(0, 1, -1, 2)], 3, window=3).toarray()
    assert counts[0, 1] == counts[1, 0] == 1
    assert counts[1, 2] == pytest.approx(2**-0.5)  # the unknown word keeps its place
    assert counts[0, 2] == pytest.approx(3**-0.5)


def test_words_of_different_texts_do_not_meet() -> None:
    assert cooccurrence([text(0), text(1)], 2, window=3).nnz == 0


def test_only_pairs_that_meet_more_often_than_by_chance_have_a_weight() -> None:
    counts = sp.csr_matrix(np.array([[8.0, 1.0], [1.0, 8.0]]))
    found = ppmi(counts, context_power=1.0).toarray()
    assert found[0, 0] == pytest.approx(np.log(8 * 18 / (9 * 9)))
    assert found[0, 1] == 0


def test_the_decomposition_is_that_of_lapack() -> None:
    matrix = sp.random(60, 40, 0.3, "csr", np.float32, random_state=1)
    left, values, right = truncated_svd(matrix, 5, seed=0)
    expected = np.linalg.svd(matrix.toarray())[1][:5]
    np.testing.assert_allclose(values, expected, rtol=1e-3)
    np.testing.assert_allclose(left.T @ left, np.eye(5), atol=1e-4)
    np.testing.assert_allclose(right @ right.T, np.eye(5), atol=1e-3)


def test_a_small_matrix_gives_factors_of_the_wanted_shape() -> None:
    left, values, right = truncated_svd(sp.csr_matrix((3, 4), dtype=np.float32), 10, seed=0)
    assert (left.shape, values.shape, right.shape) == ((3, 10), (10,), (10, 4))
    assert np.isfinite(left).all()
    assert not values.any()


def test_factors_beyond_the_rank_are_zero() -> None:
    row = np.array([[1.0, 2.0, 0.0, 2.0]], np.float32)
    left, values, right = truncated_svd(sp.csr_matrix(np.repeat(row, 5, axis=0)), 2, seed=0)
    np.testing.assert_allclose(np.abs(left), [[5**-0.5, 0]] * 5, atol=1e-5)
    np.testing.assert_allclose(values, [45**0.5, 0], atol=1e-5)
    np.testing.assert_allclose(np.abs(right), [row[0] / 3, np.zeros(4)], atol=1e-5)


def test_words_that_stand_among_the_same_words_are_alike() -> None:
    dice = np.random.default_rng(0)
    groups = [dice.choice([0, 1, 2, 3], 12), dice.choice([4, 5, 6, 7], 12)]
    texts = [text(*dice.permutation(groups[number % 2])) for number in range(60)]
    vectors = word_vectors(texts, 8, size=4, seed=0)
    alike, different = vectors[0] @ vectors[1], vectors[0] @ vectors[5]
    assert alike > different + 0.5


def test_rows_have_length_one_and_zeros_stay() -> None:
    found = unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]], np.float32))
    assert found.ravel().tolist() == pytest.approx([0.6, 0.8, 0, 0])


@pytest.mark.slow
def test_a_tiny_site_has_tables_and_document_vectors_of_full_size() -> None:
    encoded = prepare(MADE_UP, DEFAULTS)
    tables = make_tables(MADE_UP.corpus, encoded, DEFAULTS, seed=0)
    assert tables.sequence.shape == (encoded.word_ids, 200)
    with document_vectors(encoded, tables) as vectors:
        assert vectors.shape == (len(encoded), 4 * 200)
        assert np.isfinite(vectors[np.arange(len(encoded))]).all()
    again = make_tables(MADE_UP.corpus, encoded, DEFAULTS, seed=0)
    np.testing.assert_array_equal(tables.meaning, again.meaning)


def test_tables_can_be_made_from_some_of_the_questions() -> None:
    few = replace(DEFAULTS, fit=FitHyperparameters(table_questions=20))
    encoded = prepare(MADE_UP, few)
    assert np.isfinite(make_tables(MADE_UP.corpus, encoded, few, seed=0).meaning).all()
