"""Word embeddings made from the site's own text: PPMI of words within a window, by truncated SVD.

Levy, Goldberg, Dagan (2015), "Improving Distributional Similarity with Lessons Learned from Word
Embeddings": weighted window, context distribution smoothing, U√S. NumPy and SciPy alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

Float32Array = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]
Matrix = Any
"""scipy.sparse.csr_matrix, which carries no types."""


def cooccurrence(texts: Sequence[Ints], words: int, window: int = 8) -> Matrix:
    """Symmetric counts of word pairs, a pair at distance d counting 1/√d.

    Args:
        texts: id sequences; ids below 0 take a place and count for nothing.
        words: size of the vocabulary; the result is words by words.
        window: the largest distance.
    """
    gap = np.full(window, -1, np.int32)
    stream = np.concatenate([part for text in texts for part in (text, gap)] or [gap])
    total = sp.csr_matrix((words, words), dtype=np.float32)
    for distance in range(1, window + 1):
        left, right = stream[:-distance], stream[distance:]
        both = (left >= 0) & (right >= 0)
        weight = np.full(int(both.sum()), distance**-0.5, np.float32)
        total = total + sp.coo_matrix((weight, (left[both], right[both])), (words, words)).tocsr()
    return (total + total.T).tocsr()


def ppmi(counts: Matrix, context_power: float = 0.75) -> Matrix:
    """Positive pointwise mutual information, contexts smoothed by `context_power`."""
    pairs = counts.tocoo()
    word = np.asarray(counts.sum(1)).ravel()
    context = np.asarray(counts.sum(0)).ravel() ** context_power
    share = context / max(context.sum(), 1e-12)
    value = np.log(np.maximum(pairs.data / (word[pairs.row] * share[pairs.col]), 1e-12))
    keep = value > 0
    return sp.csr_matrix(
        (value[keep].astype(np.float32), (pairs.row[keep], pairs.col[keep])), counts.shape
    )


def truncated_svd(
    matrix: Matrix, rank: int, seed: int, rounds: int = 3
) -> tuple[Float32Array, Float32Array, Float32Array]:
    """U, S, Vᵀ of the `rank` largest singular values by randomized subspace iteration.

    Halko, Martinsson, Tropp (2011), algorithm 4.4. Where the matrix is smaller than `rank`, the
    factors are padded with zeros, so that shapes do not hang on the data.
    """
    rows, columns = matrix.shape
    size = min(rank + 20, rows, columns)
    start = np.random.default_rng(seed).standard_normal((columns, size)).astype(np.float32)
    transposed = matrix.T.tocsr()
    basis = orthonormal(matrix @ start)
    for _ in range(rounds):
        basis = orthonormal(matrix @ orthonormal(transposed @ basis))
    small = (transposed @ basis).T
    squares, rotation = np.linalg.eigh(small.astype(np.float64) @ small.T)
    kept = min(rank, size)
    order = np.argsort(-squares, kind="stable")[:kept]
    values = np.sqrt(np.maximum(squares[order], 0.0))
    left = basis @ rotation[:, order]
    right = (rotation[:, order].T @ small) / np.maximum(values, 1e-9)[:, None]
    pad = rank - kept
    return (
        np.pad(left, ((0, 0), (0, pad))).astype(np.float32),
        np.pad(values, (0, pad)).astype(np.float32),
        np.pad(right, ((0, pad), (0, 0))).astype(np.float32),
    )


def orthonormal(block: Float32Array) -> Float32Array:
    """An orthonormal basis of the columns of a tall `block`; columns beyond its rank are zero.

    Through the Gram matrix, twice: on tall blocks some twenty times as fast as Householder QR.
    """
    for _ in range(2):
        gram = block.T.astype(np.float64) @ block
        squares, rotation = np.linalg.eigh(gram)
        alive = squares > 1e-10 * max(squares[-1], 1e-30)
        scale = np.where(alive, 1 / np.sqrt(np.where(alive, squares, 1.0)), 0.0)
        block = (block @ (rotation * scale)).astype(np.float32)
    return block


def unit_rows(matrix: Float32Array) -> Float32Array:
    """Rows of length one; a row of zeros stays."""
    length = np.linalg.norm(matrix, axis=-1, keepdims=True)
    unit: Float32Array = (matrix / np.maximum(length, 1e-9)).astype(np.float32)
    return unit


def word_vectors(
    texts: Sequence[Ints], words: int, *, size: int = 200, seed: int = 0
) -> Float32Array:
    """One unit vector a word, (words, size)."""
    left, values, _ = truncated_svd(ppmi(cooccurrence(texts, words)), size, seed)
    return unit_rows(left * np.sqrt(values))
