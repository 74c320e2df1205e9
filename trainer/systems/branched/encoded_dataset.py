"""What the branches learn from: a dataset's questions, encoded once, and their tags."""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from core.model.encoding import BagInput, Input, SequenceInput, TermsInput
from core.model.sentences.reading import SentenceInput
from core.model.vocabulary import Vocabulary
from trainer.data.dataset import Dataset
from trainer.data.labels import multi_hot
from trainer.data.splits import Rows
from trainer.systems.branched.hyperparameters import FitHyperparameters, Hyperparameters
from trainer.systems.branched.vocabulary import build_vocabulary, count_common
from trainer.systems.networks.network import encode_rows

Float32Array = npt.NDArray[np.float32]
Matrix = Any
"""scipy.sparse.csr_matrix, which carries no types."""

ENCODED_ROWS = 1000  # at a time: encoded weights are kept sparse, which is a third of the memory


@dataclass(frozen=True, slots=True)
class EncodedDataset:
    """Questions to learn from; all arrays have a row for each of them.

    Attributes:
        rows: of the corpus.
        vocabulary: made from them.
        inputs: of the network.
        title: ids of the title's words, shape (questions, words).
        body: the same of the body.
        bag: weights of the body's words, sparse, shape (questions, ids of words).
        terms: weights of words and pairs, sparse, shape (questions, ids).
        tags: 0 or 1, shape (questions, tags): the labels, most frequent first, then auxiliary ones.
        label_columns: where in `tags` each of the dataset's labels stands.
        train: rows here of the training part's questions, and of those that have no label.
        validation: rows here of the validation part's.
        vectors: an encoder's sentence vectors, (questions, dimensions); None without one. Where
            they are among the inputs, the network reads them; else it only learns from them.
    """

    rows: Rows
    vocabulary: Vocabulary
    inputs: tuple[Input, ...]
    title: npt.NDArray[np.int32]
    body: npt.NDArray[np.int32]
    bag: Matrix
    terms: Matrix
    tags: npt.NDArray[np.uint8]
    label_columns: tuple[int, ...]
    train: Rows
    validation: Rows
    vectors: npt.NDArray[np.float16] | None = None

    def __len__(self) -> int:
        return len(self.tags)

    @property
    def label_count(self) -> int:
        """How many of the tags are labels."""
        return len(self.label_columns)

    @property
    def labelled(self) -> Rows:
        """Rows here of the questions that have a label."""
        return np.flatnonzero(self.tags[:, : self.label_count].any(axis=1))

    @property
    def word_ids(self) -> int:
        """How many ids words have, those of padding and of unknown words among them."""
        return self.vocabulary.unknown + 1

    @property
    def reads_sentences(self) -> bool:
        """Whether the network reads sentence vectors."""
        return any(isinstance(spec, SentenceInput) for spec in self.inputs)

    def sentences(self, some: Rows) -> npt.NDArray[np.float16] | None:
        """The sentence vectors of some questions, where the network reads them."""
        return self.vectors[some] if self.vectors is not None and self.reads_sentences else None

    def term_columns(self, some: Rows) -> Matrix:
        """What the branch of terms reads of some questions: sparse, shape (questions, columns).

        Their terms, and behind those the sentence vector where the network reads one, which takes
        eight bytes a dimension here: this is for what validates.
        """
        vectors = self.sentences(some)
        if vectors is None:
            return self.terms[some]
        dense = sp.csr_matrix(vectors.astype(np.float32))
        return sp.hstack([self.terms[some], dense], format="csr")

    def title_words(self, some: Rows | slice) -> Matrix:
        """How often each known word stands in some titles: sparse, shape (questions, ids)."""
        title = self.title[some]
        return sparse(title, (title != self.vocabulary.unknown) * 1.0, self.word_ids)


def prepare(dataset: Dataset, hyperparameters: Hyperparameters) -> EncodedDataset:
    """Encode a dataset's questions; nothing of the test part is looked at."""
    labelled = np.concatenate([dataset.split.train, dataset.split.validation])
    rows = np.concatenate([labelled, unlabelled_rows(dataset)])
    vocabulary = build_vocabulary(dataset.corpus, rows, hyperparameters.inputs)
    inputs = make_inputs(vocabulary, len(rows), hyperparameters)
    tags, label_columns = _choose_tags(dataset, labelled, rows, hyperparameters.fit)
    validation = np.arange(len(dataset.split.train), len(labelled))
    return EncodedDataset(
        rows,
        vocabulary,
        inputs,
        *_encode(dataset, rows, vocabulary, inputs),
        tags=multi_hot([dataset.corpus.tags[row] for row in rows], tags),
        label_columns=label_columns,
        train=np.setdiff1d(np.arange(len(rows)), validation),
        validation=validation,
    )


def prepare_fold(
    dataset: Dataset, whole: EncodedDataset, held_out: Rows, hyperparameters: Hyperparameters
) -> EncodedDataset:
    """Encode the same questions as if some were new: words are known from the others alone.

    Args:
        dataset: theirs.
        whole: the dataset, encoded.
        held_out: rows of that, which become the validation part; all others train.
        hyperparameters: of the vocabulary.
    """
    train = np.setdiff1d(np.arange(len(whole)), held_out)
    vocabulary = build_vocabulary(dataset.corpus, whole.rows[train], hyperparameters.inputs)
    inputs = make_inputs(vocabulary, len(train), hyperparameters)
    title, body, bag, terms = _encode(dataset, whole.rows, vocabulary, inputs)
    return replace(
        whole,
        vocabulary=vocabulary,
        inputs=(*inputs, *whole.inputs[len(inputs) :]),  # a sentence vector stays as it is
        title=title,
        body=body,
        bag=bag,
        terms=terms,
        train=train,
        validation=held_out,
    )


def unlabelled_rows(dataset: Dataset) -> Rows:
    """Rows in no part; where the newest questions judge, only those that are older."""
    parts = dataset.split
    learned = np.concatenate([parts.train, parts.validation])
    rest = np.setdiff1d(np.arange(len(dataset.corpus)), np.concatenate([learned, parts.test]))
    if len(parts.test) and parts.test.min() > learned.max():
        rest = rest[rest < parts.test.min()]
    return rest


def make_inputs(
    vocabulary: Vocabulary, questions: int, hyperparameters: Hyperparameters
) -> tuple[Input, ...]:
    """The network's inputs."""
    sizes = hyperparameters.inputs
    common = count_common(vocabulary, questions, sizes.common_share)
    return (
        SequenceInput(name="title", source="title", length=sizes.title_words, unknown="mark"),
        SequenceInput(
            name="body", source="body", length=sizes.body_words, unknown="mark", skip=common
        ),
        BagInput(name="bag", source="body", length=sizes.bag_words),
        TermsInput(name="terms", source="text", length=sizes.terms),
    )


def _choose_tags(
    dataset: Dataset, labelled: Rows, rows: Rows, hyperparameters: FitHyperparameters
) -> tuple[list[str], tuple[int, ...]]:
    """The labels by frequency, then auxiliary tags; and where the dataset's labels are there."""
    uses = dataset.targets[labelled].sum(axis=0, dtype=np.int64)
    order = np.argsort(-uses, kind="stable")
    labels = [dataset.labels[label] for label in order]
    counts = Counter(tag for row in rows for tag in dataset.corpus.tags[row])
    others = sorted(
        (-count, tag)
        for tag, count in counts.items()
        if count >= hyperparameters.auxiliary_uses and tag not in set(labels)
    )
    auxiliary = [tag for _, tag in others[: hyperparameters.auxiliary_tags]]
    return labels + auxiliary, tuple(np.argsort(order).tolist())


def _encode(
    dataset: Dataset, rows: Rows, vocabulary: Vocabulary, inputs: tuple[Input, ...]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], Matrix, Matrix]:
    """Title and body as ids, bag and terms as sparse weights."""
    blocks = []
    for start in range(0, len(rows), ENCODED_ROWS):
        block = encode_rows(dataset.corpus, rows[start : start + ENCODED_ROWS], vocabulary, inputs)
        weights = (
            sparse(block["bag"], block["bag_weights"], vocabulary.unknown + 1),
            sparse(block["terms"], block["terms_weights"], vocabulary.size),
        )
        blocks.append((block["title"], block["body"], *weights))
    title, body, bag, terms = zip(*blocks, strict=True)
    return (
        np.concatenate(title),
        np.concatenate(body),
        sp.vstack(bag, format="csr"),
        sp.vstack(terms, format="csr"),
    )


def sparse(ids: npt.NDArray[np.int32], weights: npt.NDArray[Any], columns: int) -> Matrix:
    """Rows by ids, from padded ids and their weights, both of shape (rows, places)."""
    known = (ids > 0) & (weights != 0)
    ends = np.concatenate([[0], np.cumsum(known.sum(axis=1))])
    values = weights[known].astype(np.float32)
    matrix = sp.csr_matrix((values, ids[known], ends), (len(ids), columns))
    matrix.sum_duplicates()
    return matrix
