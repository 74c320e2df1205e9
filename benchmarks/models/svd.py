"""What the truncated decomposition costs that word embeddings are made by, and what it captures.

Run: PYTHONPATH=. python benchmarks/models/svd.py FILE [--rank 200] [--seeds 3]

The matrices are those of a site's questions: PPMI of its words, and tf-idf of its bodies. The
network's function, scikit-learn's `randomized_svd`, stands beside subspace iteration in NumPy
alone, which it used before. Of each: the shortest time, the peak of what NumPy allocates, and the
share of the squares that its factors hold, where those of twenty rounds hold 1.
"""

import argparse
import time
import tracemalloc
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from sklearn.utils.extmath import randomized_svd

from trainer.compare.sources import file_source
from trainer.data.corpus import read_corpus
from trainer.data.dataset import DatasetOptions, make_dataset
from trainer.systems.branched.embeddings import (
    cooccurrence,
    ppmi,
    truncated_svd,
    unit_tfidf,
    word_sequences,
)
from trainer.systems.branched.encoded_dataset import prepare
from trainer.systems.branched.hyperparameters import Hyperparameters
from trainer.systems.branched.system import BranchedNetwork

BEST: Final = 20  # rounds: more change nothing that counts
OVERSAMPLES: Final = 20
ROUNDS: Final = 3


def main() -> None:
    """Print a line for each matrix and method."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--rank", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=3)
    chosen = parser.parse_args()
    for name, matrix in site_matrices(chosen.file).items():
        print(f"{name}, {matrix.shape[0]:,} by {matrix.shape[1]:,}, {matrix.nnz:,} numbers:")
        best = captured(matrix, randomized_svd(matrix, chosen.rank, n_iter=BEST, random_state=0)[2])
        for method, decompose in METHODS.items():
            measure(method, decompose, matrix, chosen.rank, chosen.seeds, best)


def site_matrices(file: Path) -> dict[str, Any]:
    """What is decomposed to make the tables of a file's questions."""
    source = file_source(file, None)
    corpus = read_corpus(source.site, source.questions(), BranchedNetwork.text)
    encoded = prepare(make_dataset(corpus, DatasetOptions(top_tags=100)), Hyperparameters())
    texts = word_sequences(corpus, encoded.rows, encoded.vocabulary)
    return {
        "PPMI": ppmi(cooccurrence(texts, encoded.word_ids)),
        "tf-idf": unit_tfidf(encoded.bag, encoded.vocabulary.idf[: encoded.word_ids]),
    }


def measure(
    method: str,
    decompose: Callable[[Any, int, int], Any],
    matrix: Any,
    rank: int,
    seeds: int,
    best: float,
) -> None:
    """Print what a method needs, and what share of the best it captures."""
    seconds, shares = [], []
    for seed in range(seeds):
        began = time.perf_counter()
        right = decompose(matrix, rank, seed)
        seconds.append(time.perf_counter() - began)
        shares.append(captured(matrix, right) / best)
    tracemalloc.start()
    decompose(matrix, rank, 0)
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    print(f"  {method:20} {min(seconds):5.2f} s {peak:5.0f} MiB {np.mean(shares):.4f}", flush=True)


def captured(matrix: Any, right: Any) -> float:
    """The share of a matrix's squares that lies in the rows of Vᵀ."""
    basis = np.linalg.qr(right.T.astype(np.float64))[0]
    return float(np.square(matrix @ basis).sum() / matrix.multiply(matrix).sum())


def subspace_iteration(matrix: Any, rank: int, seed: int) -> Any:
    """Vᵀ by Halko, Martinsson, Tropp (2011), algorithm 4.4."""
    size = min(rank + OVERSAMPLES, *matrix.shape)
    start = np.random.default_rng(seed).standard_normal((matrix.shape[1], size))
    transposed = matrix.T.tocsr()
    basis = _orthonormal(matrix @ start.astype(np.float32))
    for _ in range(ROUNDS):
        basis = _orthonormal(matrix @ _orthonormal(transposed @ basis))
    small = (transposed @ basis).T
    squares, rotation = np.linalg.eigh(small.astype(np.float64) @ small.T)
    order = np.argsort(-squares, kind="stable")[:rank]
    return (rotation[:, order].T @ small) / np.sqrt(squares[order])[:, None]


def _orthonormal(block: Any) -> Any:
    """An orthonormal basis of a tall block's columns, through the Gram matrix, twice."""
    for _ in range(2):
        squares, rotation = np.linalg.eigh(block.T.astype(np.float64) @ block)
        block = (block @ (rotation / np.sqrt(squares))).astype(np.float32)
    return block


METHODS: Final[Mapping[str, Callable[[Any, int, int], Any]]] = {
    "randomized_svd": lambda matrix, rank, seed: truncated_svd(matrix, rank, seed)[2],
    "subspace iteration": subspace_iteration,
}


if __name__ == "__main__":
    main()
