"""The graph: convolutions over title and body, readers of a document vector, and weighted terms.

Three branches read the same question and each ends in a logit for each label; the answer is the
sigmoid of their sum. Where there is an encoder's sentence vector, readers and terms read it, too.
Every layer is Keras' own, so a `.keras` file needs no code to be loaded.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from core.model.encoding import Input
from core.model.sentences.reading import SentenceInput
from trainer.systems.branched.embeddings import DOCUMENT_LENGTH, SENTENCE_LENGTH, Tables
from trainer.systems.branched.encoded_dataset import Float32Array
from trainer.systems.branched.hyperparameters import GraphHyperparameters

RARE_TAG_BIAS = -5.0  # a tag stands on about one question in a hundred: start there
SMALLEST_LENGTH = 1e-6
MEAN_LENGTH = 2.0  # of the convolutions' weighted means


@dataclass(frozen=True, slots=True)
class Trunk:
    """The graph up to where its branches are fitted.

    Attributes:
        inputs: by name.
        conv_features: what the convolutions found, (questions, features).
        document: the document vector, (questions, dimensions), and behind its dimensions those
            of a sentence vector where one is read, or of what terms tell of it.
        sentence: the sentence vector alone; None where none is read.
    """

    inputs: dict[str, Any]
    conv_features: Any
    document: Any
    sentence: Any = None


def build_trunk(
    inputs: Sequence[Input], tables: Tables, hyperparameters: GraphHyperparameters
) -> Trunk:
    """Build it, and fill its tables.

    Inputs of words are of any length, so that a worker's calls need no longer ones than their
    questions.
    """
    named: dict[str, Any] = {}
    for spec in inputs:
        shape = (spec.length,) if isinstance(spec, SentenceInput) else (None,)
        for name, kind in zip(spec.names, spec.kinds, strict=True):
            named[name] = keras.Input(shape, dtype=kind, name=name)
    sequence = _table("sequence", tables.sequence, trainable=True)
    importance = _table("importance", tables.importance, trainable=True)
    document = _document_vector(named, tables)
    conv_features = _convolutions(named, sequence, importance, hyperparameters)
    vectors = [named[spec.name] for spec in inputs if isinstance(spec, SentenceInput)]
    if not vectors:
        return Trunk(named, conv_features, document)
    (vector,) = vectors
    both = layers.Concatenate(name="document_and_sentence")([document, vector * SENTENCE_LENGTH])
    return Trunk(named, conv_features, both, vector)


def add_told_sentences(trunk: Trunk, table: Float32Array) -> Trunk:
    """Put what terms tell of a sentence vector, a table of (ids, components), behind the document.

    It is given the length of a document vector, as `TeacherInputs` gives it.
    """
    vector = _weighted_terms(
        trunk, _table("told_sentences", table * SENTENCE_LENGTH, trainable=True)
    )
    both = layers.Concatenate(name="document_and_told_sentence")([trunk.document, vector])
    return replace(trunk, document=both)


def _weighted_terms(trunk: Trunk, table: layers.Embedding) -> Any:
    """The sum of a table's rows, by the weights of a question's terms."""
    return layers.Dot(axes=1)([trunk.inputs["terms_weights"], table(trunk.inputs["terms"])])


def _table(name: str, values: Float32Array, *, trainable: bool) -> layers.Embedding:
    table = layers.Embedding(*values.shape, "zeros", trainable=trainable, name=name)
    table.build()
    table.set_weights([values])
    return table


def _unit(x: Any, length: float) -> Any:
    """Rows of one length; those of an empty text stay zero.

    Keras' UnitNormalization becomes an operation of LiteRT that makes NaN of these.
    """
    size = ops.sqrt(ops.sum(ops.square(x), axis=-1, keepdims=True))
    return x * (length / (size + SMALLEST_LENGTH))


def _convolutions(
    inputs: dict[str, Any],
    sequence: layers.Embedding,
    importance: layers.Embedding,
    hyperparameters: GraphHyperparameters,
) -> Any:
    """Kim (2014), "Convolutional Neural Networks for Sentence Classification", on two fields.

    Beside the strongest sign of each filter stands a mean of the words, weighted by importance.
    """
    features = []
    for field, widths in (
        ("title", hyperparameters.title_widths),
        ("body", hyperparameters.body_widths),
    ):
        ids = inputs[field]
        filled = ops.expand_dims(ops.cast(ids > 0, "float32"), -1)
        words = layers.SpatialDropout1D(hyperparameters.spatial_dropout)(sequence(ids)) * filled
        for width in widths:
            found = layers.Conv1D(
                hyperparameters.filters,
                width,
                padding="same",
                activation="relu",
                name=f"{field}_conv{width}",
            )(words)
            features.append(layers.GlobalMaxPooling1D()(found * filled))
        mean = ops.sum(words * (importance(ids) * filled), axis=1)
        features.append(_unit(mean, MEAN_LENGTH))
    return layers.Concatenate(name="conv_features")(features)


def _document_vector(inputs: dict[str, Any], tables: Tables) -> Any:
    """Weighted sums of word vectors for title and body, each of one length."""
    meaning, title_topics, body_topics = (
        _table(name, getattr(tables, name), trainable=False)
        for name in ("meaning", "title_topics", "body_topics")
    )
    title, bag, weights = inputs["title"], inputs["bag"], inputs["bag_weights"]
    parts = [
        ops.sum(meaning(title), axis=1),
        ops.sum(title_topics(title), axis=1),
        layers.Dot(axes=1)([weights, meaning(bag)]),
        layers.Dot(axes=1)([weights, body_topics(bag)]),
    ]
    return layers.Concatenate(name="document")([_unit(part, DOCUMENT_LENGTH) for part in parts])


def conv_head(width: int, tags: int, hyperparameters: GraphHyperparameters) -> keras.Sequential:
    """Logits from the convolutions' features."""
    return keras.Sequential(
        [keras.Input((width,)), layers.Dropout(hyperparameters.conv_dropout), _logits(tags)]
    )


def reader(width: int, tags: int, hyperparameters: GraphHyperparameters) -> keras.Sequential:
    """Logits from the document vector through one hidden layer."""
    return keras.Sequential(
        [
            keras.Input((width,)),
            layers.Dropout(hyperparameters.document_dropout),
            layers.Dense(hyperparameters.hidden, activation="gelu"),
            layers.Dropout(hyperparameters.hidden_dropout),
            _logits(tags),
        ]
    )


def _logits(tags: int) -> layers.Dense:
    return layers.Dense(tags, bias_initializer=keras.initializers.Constant(RARE_TAG_BIAS))


def scale_head(
    head: keras.Sequential, like: keras.Sequential, weight: float, shift: Float32Array
) -> keras.Sequential:
    """Give `like` the logits of `head` for the first tags, times `weight`, plus `shift` (tags,)."""
    *earlier, kernel, bias = head.get_weights()
    tags = len(shift)
    like.set_weights([*earlier, kernel[:, :tags] * weight, bias[:tags] * weight + shift])
    return like


def _terms(trunk: Trunk, logits: Float32Array) -> Any:
    """Logits of the first labels from terms, and from any sentence vector."""
    dimensions = 0 if trunk.sentence is None else trunk.sentence.shape[-1]
    ids, labels = len(logits) - dimensions, logits.shape[1]
    table = _table("term_logits", logits[:ids], trainable=True)
    found = _weighted_terms(trunk, table)
    if not dimensions:
        return found
    linear = layers.Dense(labels, use_bias=False, name="sentence_logits")
    linear.build((None, dimensions))
    linear.set_weights([logits[ids:]])
    return found + linear(trunk.sentence)


def assemble(
    trunk: Trunk,
    conv: keras.Sequential,
    readers: Sequence[keras.Sequential],
    term_logits: Float32Array,
    label_columns: Sequence[int],
) -> keras.Model:
    """The whole as one graph from inputs to probabilities (questions, labels).

    Args:
        trunk: where the branches begin.
        conv: the head over the convolutions; its stacking weight and the shift are in its weights.
        readers: the heads over the document vector, their stacking weights in their weights.
        term_logits: (ids, the first labels), times the terms' stacking weight; behind the ids'
            rows those of a sentence vector's dimensions, where one is read.
        label_columns: of each label among the heads' logits.
    """
    terms = _terms(trunk, term_logits)
    silent = conv.output_shape[-1] - term_logits.shape[1]
    if silent:
        terms = ops.pad(terms, [[0, 0], [0, silent]])
    branches = [conv(trunk.conv_features), *(head(trunk.document) for head in readers), terms]
    logits = ops.take(layers.Add()(branches), np.array(label_columns, np.int32), axis=1)
    probabilities = layers.Activation("sigmoid", name="probabilities")(logits)
    return keras.Model(trunk.inputs, probabilities, name="branched")
