"""The branch of weighted terms, a ridge classifier for each label, and what else terms tell."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from trainer.systems.branched.encoded_dataset import Float32Array, Matrix
from trainer.systems.branched.hyperparameters import FitHyperparameters


def fit_term_table(
    terms: Matrix,
    tags: npt.NDArray[np.uint8],
    hyperparameters: FitHyperparameters,
    *,
    vectors: npt.NDArray[Any] | None = None,
    seed: int,
    after_epoch: Callable[[], None],
) -> tuple[Float32Array, Float32Array]:
    """Fit a ridge classifier for each label: least squares towards 1 with the label, -1 without.

    That is regularized least-squares classification (Rifkin, Yeo, Poggio 2003). What comes out are
    margins, about -1 for most questions without a label, higher for those that have it and seldom
    1; the stacking weight of the branch makes logits of them.

    Args:
        terms: weights, sparse, shape (questions, terms).
        tags: shape (questions, labels).
        hyperparameters: see fit_ridge_table().
        vectors: see there.
        seed: see there.
        after_epoch: see there.

    Returns:
        Weights of shape (terms and dimensions, labels) and a bias of shape (labels,).
    """
    sides = np.where(tags, np.int8(1), np.int8(-1))
    return fit_ridge_table(
        terms, sides, hyperparameters, vectors=vectors, seed=seed, after_epoch=after_epoch
    )


def fit_ridge_table(
    terms: Matrix,
    targets: npt.NDArray[Any],
    hyperparameters: FitHyperparameters,
    *,
    vectors: npt.NDArray[Any] | None = None,
    seed: int,
    after_epoch: Callable[[], None],
) -> tuple[Float32Array, Float32Array]:
    """Fit a ridge regression of each target, all at once.

    By dual coordinate ascent (Shalev-Shwartz, Zhang 2013, "Stochastic Dual Coordinate Ascent
    Methods for Regularized Loss Minimization"), question by question, each of which holds rows of
    the table that lie together.

    Args:
        terms: weights, sparse, shape (questions, terms).
        targets: shape (questions, targets).
        hyperparameters: `term_epochs` and `term_ridge`.
        vectors: dense columns behind the terms', of a float type, shape (questions, dimensions);
            None for none. As sparse ones they would take four times the memory.
        seed: of the order in which questions are visited.
        after_epoch: called at each one's end.

    Returns:
        Weights of shape (terms and dimensions, targets) and a bias of shape (targets,).
    """
    random = np.random.default_rng(seed)
    dimensions = 0 if vectors is None else vectors.shape[1]
    table = np.zeros((terms.shape[1] + dimensions, targets.shape[1]), np.float32)
    dense = table[terms.shape[1] :]  # its rows of all dimensions, which every question holds
    vector = np.zeros(dimensions, np.float32)
    bias, duals = np.zeros(targets.shape[1], np.float32), np.zeros(targets.shape, np.float32)
    ridge = np.float32(hyperparameters.term_ridge)
    curvatures = np.asarray(terms.multiply(terms).sum(axis=1), np.float32).ravel() + 1 + ridge
    if vectors is not None:
        for dimension in vectors.T:  # all squares at once would be twice as large as the vectors
            curvatures += np.square(dimension, dtype=np.float32)
    for _ in range(hyperparameters.term_epochs):
        for question in random.permutation(terms.shape[0]).tolist():
            own = slice(*terms.indptr[question : question + 2])
            held, weights = terms.indices[own], terms.data[own]
            rows, dual = table[held], duals[question]
            # einsum and not BLAS: the sum is the same however many threads there are.
            margins = np.einsum("t,tl->l", weights, rows) + bias
            if vectors is not None:
                vector = vectors[question].astype(np.float32)
                margins += np.einsum("t,tl->l", vector, dense)
            step = (targets[question] - margins - ridge * dual) / curvatures[question]
            dual += step  # in place: a row of all
            table[held] = rows + np.multiply.outer(weights, step)
            if vectors is not None:
                dense += np.multiply.outer(vector, step)
            bias += step
        after_epoch()
    return table, bias


def usual_margins(labels: int) -> Float32Array:
    """The margins of labels that no term speaks for: those of a question without them."""
    return np.full(labels, -1, np.float32)
