"""The network's tables of words, made from a site's text before any tag is looked at."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from core.model.vocabulary import PADDING, Vocabulary
from trainer.data.corpus import Corpus
from trainer.data.splits import Rows
from trainer.systems.branched.embeddings import truncated_svd, unit_rows, word_vectors
from trainer.systems.branched.encoded_dataset import EncodedDataset, Float32Array, Matrix
from trainer.systems.branched.hyperparameters import Hyperparameters

SEQUENCE_LENGTH = 4.0  # of the convolutions' word vectors; unit ones train too slowly
TYPICAL_IDF = 6.0
DOCUMENT_LENGTH = 4.0  # of each part of the document vector


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
    corpus: Corpus, encoded: EncodedDataset, hyperparameters: Hyperparameters, *, seed: int
) -> Tables:
    """Make the tables from at most `fit.table_questions` of the encoded questions."""
    vocabulary, size = encoded.vocabulary, hyperparameters.graph.topic_size
    idf = vocabulary.idf[: encoded.words]
    count = min(len(encoded), hyperparameters.fit.table_questions)
    few = np.linspace(0, len(encoded) - 1, count).astype(np.int64)
    texts = word_sequences(corpus, encoded.rows[few], vocabulary)
    meaning = word_vectors(texts, encoded.words, size=hyperparameters.graph.meaning_size, seed=seed)
    title = topics(encoded.title_words(few), idf, size, seed)
    body = topics(encoded.bag[few], idf, size, seed)
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


def word_sequences(
    corpus: Corpus, rows: Rows, vocabulary: Vocabulary
) -> list[npt.NDArray[np.int32]]:
    """The ids of each question's words in order, -1 for unknown ones."""
    known = np.array(vocabulary.numbers(corpus.lexicon), np.int32)
    known[known == PADDING] = -1
    titles, bodies = corpus.titles, corpus.bodies
    return [np.concatenate([known[titles[row]], known[bodies[row]]]) for row in rows]


def topics(questions: Matrix, idf: Float32Array, size: int, seed: int) -> Float32Array:
    """Latent semantic analysis: the words' factors of unit tf-idf, (words, size)."""
    weighted = questions @ sp.diags(idf)
    length = np.sqrt(np.asarray(weighted.multiply(weighted).sum(1)).ravel())
    unit = (sp.diags(1 / np.maximum(length, 1e-9)) @ weighted).astype(np.float32)
    return truncated_svd(unit.tocsr(), size, seed)[2].T
