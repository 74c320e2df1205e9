import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.linear_model import Ridge

from trainer.systems.branched.hyperparameters import FitHyperparameters
from trainer.systems.branched.terms import fit_term_table, usual_margins

Floats = npt.NDArray[np.float32]
Tags = npt.NDArray[np.uint8]


def made_up(questions: int) -> tuple[Floats, Tags]:
    """Two tags, a term that stands for each, and three that say nothing."""
    dice = np.random.default_rng(0)
    tags = (dice.random((questions, 2)) < [0.5, 0.1]).astype(np.uint8)
    return np.hstack([tags, dice.random((questions, 3))]).astype(np.float32), tags


def fit(
    terms: Floats,
    tags: Tags,
    vectors: Floats | None = None,
    *,
    ridge: float = 1.5,
    seed: int = 1,
) -> tuple[Floats, Floats]:
    return fit_term_table(
        sp.csr_matrix(terms),
        tags,
        FitHyperparameters(term_ridge=ridge),
        vectors=vectors,
        seed=seed,
        after_epoch=lambda: None,
    )


def test_terms_learn_what_stands_for_a_label() -> None:
    terms, tags = made_up(400)
    table, bias = fit(terms, tags)
    margins = terms @ table + bias
    assert ((margins > 0.5) == (tags == 1)).all()
    assert ((margins < -0.5) == (tags == 0)).all()


def test_they_are_the_ridge_classifiers_of_scikit_learn() -> None:
    dice = np.random.default_rng(0)
    terms = (dice.random((150, 400)) * (dice.random((150, 400)) < 0.1)).astype(np.float32)
    tags = (terms[:, :3] + terms[:, 3:6] > 0.3).astype(np.uint8)
    table, bias = fit(terms, tags)
    with_bias = np.hstack([terms, np.ones((150, 1), np.float32)])
    exact = Ridge(alpha=1.5, fit_intercept=False).fit(with_bias, 2.0 * tags - 1).coef_.T
    np.testing.assert_allclose(np.vstack([table, bias]), exact, atol=4e-3)
    parts = terms[:, :300], tags, terms[:, 300:]  # the last as a dense vector
    np.testing.assert_allclose(fit(*parts)[0], table, atol=1e-5)


def test_progress_is_told_after_each_epoch() -> None:
    ended: list[int] = []
    terms, tags = made_up(50)
    fit_term_table(
        sp.csr_matrix(terms),
        tags,
        FitHyperparameters(term_epochs=4),
        seed=1,
        after_epoch=lambda: ended.append(1),
    )
    assert len(ended) == 4


def test_a_label_of_no_question_has_about_the_usual_margin() -> None:
    terms, tags = made_up(400)
    table, bias = fit(terms, np.zeros_like(tags))
    margins = terms @ table + bias
    assert np.abs(np.median(margins, axis=0) - usual_margins(2)).max() < 0.2


def test_a_question_without_terms_is_learned_by_the_bias() -> None:
    table, bias = fit(np.zeros((200, 2), np.float32), np.ones((200, 1), np.uint8))
    assert not table.any()
    assert 0.9 < bias[0] <= 1


def test_the_more_weights_cost_the_shorter_they_are() -> None:
    terms, tags = np.eye(4, dtype=np.float32), np.eye(4, dtype=np.uint8)
    cheap, costly = (np.diag(fit(terms, tags, ridge=ridge)[0]) for ridge in (0.1, 10.0))
    assert (costly < cheap).all()


def test_equal_seeds_are_equal_tables() -> None:
    terms, tags = made_up(100)
    one, same, other = (fit(terms, tags, seed=seed)[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)
