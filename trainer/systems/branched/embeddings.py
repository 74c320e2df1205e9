"""The network's tables of words, made from the site's own text before any tag is looked at.

By co-occurrence: PPMI of words within a window, by truncated SVD. Levy, Goldberg, Dagan (2015),
"Improving Distributional Similarity with Lessons Learned from Word Embeddings": weighted window,
context distribution smoothing, U√S. By topics: latent semantic analysis of the questions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from core.model.vocabulary import PADDING, Vocabulary
from trainer.data.corpus import Corpus
from trainer.data.splits import Rows
from trainer.systems.branched.encoded_dataset import EncodedDataset, Float32Array, Matrix
from trainer.systems.branched.hyperparameters import Hyperparameters

Ints = npt.NDArray[np.int32]

SVD_ROUNDS = 4  # of power iteration; benchmarks/models/svd.py measures it
SMALLEST_SHARE = 1e-5  # of the largest singular value
SEQUENCE_LENGTH = 4.0  # of the convolutions' word vectors; unit ones train too slowly
TYPICAL_IDF = 6.0
DOCUMENT_LENGTH = 4.0  # of each part of the document vector
SENTENCE_LENGTH = 8.0  # as long as a document vector, which has four parts


@dataclass(frozen=True, slots=True)
class Tables:
    """One row for each word id.

    Attributes:
        sequence: where the convolutions' embedding starts; half meaning, half topics.
        importance: the first weight of a word in the convolutions' weighted mean, (words, 1).
        meaning: embeddings by co-occurrence, times idf^1.5.
        title_topics: latent semantic analysis of the titles, times idf.
        body_topics: the same of the bodies.
    """

    sequence: Float32Array
    importance: Float32Array
    meaning: Float32Array
    title_topics: Float32Array
    body_topics: Float32Array


def make_tables(
    corpus: Corpus,
    encoded: EncodedDataset,
    hyperparameters: Hyperparameters,
    *,
    seed: int,
    rows: Rows | None = None,
) -> Tables:
    """Make the tables from at most `fit.table_questions` of the encoded questions.

    Args:
        corpus: theirs.
        encoded: the questions.
        hyperparameters: all of them.
        seed: of the decompositions.
        rows: of the encoded questions, those that may be read; None for all.
    """
    vocabulary, size = encoded.vocabulary, hyperparameters.graph.topic_size
    idf = vocabulary.idf[: encoded.word_ids]
    readable = np.arange(len(encoded)) if rows is None else rows
    count = min(len(readable), hyperparameters.fit.table_questions)
    sample = readable[np.linspace(0, len(readable) - 1, count).astype(np.int64)]
    texts = word_sequences(corpus, encoded.rows[sample], vocabulary)
    meaning = word_vectors(
        texts, encoded.word_ids, size=hyperparameters.graph.meaning_size, seed=seed
    )
    title = topics(encoded.title_words(sample), idf, size, seed)
    body = topics(encoded.bag[sample], idf, size, seed)
    importance = idf[:, None] / TYPICAL_IDF
    importance[vocabulary.unknown] = 1 / TYPICAL_IDF
    halves = [unit_rows(table[:, : table.shape[1] // 2]) for table in (meaning, body)]
    return Tables(
        sequence=unit_rows(np.concatenate(halves, axis=1)) * SEQUENCE_LENGTH,
        importance=importance.astype(np.float32),
        meaning=meaning * idf[:, None] ** 1.5,
        title_topics=title * idf[:, None],
        body_topics=body * idf[:, None],
    )


def word_sequences(corpus: Corpus, rows: Rows, vocabulary: Vocabulary) -> list[Ints]:
    """The ids of each question's words in order, -1 for unknown ones."""
    known = np.array(vocabulary.numbers(corpus.lexicon), np.int32)
    known[known == PADDING] = -1
    titles, bodies = corpus.titles, corpus.bodies
    return [np.concatenate([known[titles[row]], known[bodies[row]]]) for row in rows]


def topics(questions: Matrix, idf: Float32Array, size: int, seed: int) -> Float32Array:
    """Latent semantic analysis: the words' factors of unit tf-idf, (words, size)."""
    return truncated_svd(unit_tfidf(questions, idf), size, seed)[2].T


def unit_tfidf(questions: Matrix, idf: Float32Array) -> Matrix:
    """Weight words by their idf, and give each question the length one."""
    weighted = questions @ sp.diags(idf)
    length = np.sqrt(np.asarray(weighted.multiply(weighted).sum(1)).ravel())
    return (sp.diags(1 / np.maximum(length, 1e-9)) @ weighted).astype(np.float32).tocsr()


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
    matrix: Matrix, rank: int, seed: int
) -> tuple[Float32Array, Float32Array, Float32Array]:
    """U, S, Vᵀ of the `rank` largest singular values.

    Factors beyond the matrix's own rank are zero, so that shapes do not depend on the data.
    """
    from sklearn.utils.extmath import randomized_svd  # noqa: PLC0415

    left, values, right = randomized_svd(matrix, rank, n_iter=SVD_ROUNDS, random_state=seed)
    alive = values > SMALLEST_SHARE * values[0]  # the others' directions are noise
    missing = rank - len(values)
    return (
        np.pad(left * alive, ((0, 0), (0, missing))).astype(np.float32),
        np.pad(values * alive, (0, missing)).astype(np.float32),
        np.pad(right * alive[:, None], ((0, missing), (0, 0))).astype(np.float32),
    )


def unit_rows(matrix: Float32Array) -> Float32Array:
    """Rows of length one; a row of zeros stays."""
    length = np.linalg.norm(matrix, axis=-1, keepdims=True)
    unit: Float32Array = (matrix / np.maximum(length, 1e-9)).astype(np.float32)
    return unit


def word_vectors(texts: Sequence[Ints], words: int, *, size: int, seed: int) -> Float32Array:
    """One unit vector a word, (words, size), by the co-occurrence of words."""
    left, values, _ = truncated_svd(ppmi(cooccurrence(texts, words)), size, seed)
    return unit_rows(left * np.sqrt(values))
