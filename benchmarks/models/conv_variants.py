"""Variants of the network's convolutions, which benchmarks/models/convolutions.py compares."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import keras
from keras import layers, ops

from trainer.systems.branched.graph import RARE_TAG_BIAS, Trunk, conv_head
from trainer.systems.branched.hyperparameters import GraphHyperparameters, Hyperparameters

QUERIES: Final = 8  # of the attention that all tags share
MORE: Final = 32  # of them, where there is no maximum
BOTTLENECK: Final = 256  # units of the block over the tags' logits
MASKED: Final = -1e9


@dataclass(frozen=True, slots=True)
class Parts:
    """What a variant's head can be made of.

    Attributes:
        inputs: title and body.
        features: what the convolutions found, (questions, features).
        places: of title and of body: what the widest filters found, (questions, words, filters),
            and where words are, (questions, words, 1).
        tags: how many logits are wanted.
        graph: its hyperparameters.
    """

    inputs: dict[str, Any]
    features: Any
    places: tuple[tuple[Any, Any], ...]
    tags: int
    graph: GraphHyperparameters


Head = Callable[[Parts], Any]


def plain(parts: Parts) -> Any:
    """The head as it is."""
    head = conv_head(parts.features.shape[-1], parts.tags, parts.graph)
    return head(parts.features)


def queries_beside(parts: Parts) -> Any:
    """Means of the places by the attention of a few learned queries, beside the maximum."""
    found = [layers.Flatten()(_attend(words, filled, QUERIES)) for words, filled in parts.places]
    return _dense(parts, layers.Concatenate()([parts.features, *found]))


def queries_instead(parts: Parts) -> Any:
    """The same of more queries, without the maximum."""
    found = [layers.Flatten()(_attend(words, filled, MORE)) for words, filled in parts.places]
    return _dense(parts, layers.Concatenate()(found))


def labels_beside(parts: Parts) -> Any:
    """A mean of the places for each tag by its own attention, added to its logit.

    Mullenbach et al. (2018), "Explainable Prediction of Medical Codes from Clinical Text".
    """
    return layers.Add()([plain(parts), *_by_label(parts)])


def labels_instead(parts: Parts) -> Any:
    """The same without the maximum."""
    return layers.Add()(_by_label(parts)) + RARE_TAG_BIAS


def labels_tied(parts: Parts) -> Any:
    """The same, where a place counts by what it says: a smooth maximum, in half the products."""
    logits = []
    for words, filled in parts.places:
        said = layers.Dense(parts.tags)(layers.Dropout(parts.graph.conv_dropout)(words))
        logits.append(_mean(said, said, filled))
    return layers.Add()(logits) + RARE_TAG_BIAS


def correlated(parts: Parts) -> Any:
    """A block over the logits of all tags, the auxiliary ones too.

    Xun et al. (2020), "Correlation Networks for Extreme Multi-label Text Classification".
    """
    return _block(plain(parts), parts.tags)


def labels_correlated(parts: Parts) -> Any:
    """Attention in place of the maximum, and the block."""
    return _block(labels_instead(parts), parts.tags)


def _dense(parts: Parts, features: Any) -> Any:
    return conv_head(features.shape[-1], parts.tags, parts.graph)(features)


def _attend(words: Any, filled: Any, queries: int) -> Any:
    """(questions, queries, filters)."""
    scores = layers.Dense(queries, use_bias=False)(words)
    shares = ops.softmax(scores + (1 - filled) * MASKED, axis=1)
    return layers.Dot(axes=1)([shares, words])


def _by_label(parts: Parts) -> list[Any]:
    """Of title and body, (questions, tags)."""
    logits = []
    for words, filled in parts.places:
        kept = layers.Dropout(parts.graph.conv_dropout)(words)
        scores = layers.Dense(parts.tags, use_bias=False)(words)
        logits.append(_mean(layers.Dense(parts.tags)(kept), scores, filled))
    return logits


def _mean(said: Any, scores: Any, filled: Any) -> Any:
    """Of what is said at the places, by the softmax of their scores: (questions, tags).

    ops.softmax would turn the whole array about twice.
    """
    scores = scores + (1 - filled) * MASKED
    shares = ops.exp(scores - ops.max(scores, axis=1, keepdims=True))
    return ops.sum(shares * said, axis=1) / ops.sum(shares, axis=1)


def _block(logits: Any, tags: int) -> Any:
    between = layers.Dense(BOTTLENECK, activation="elu")(layers.Activation("sigmoid")(logits))
    return logits + layers.Dense(tags, kernel_initializer="zeros")(between)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """What is compared.

    Attributes:
        head: from the convolutions to logits.
        graph: hyperparameters of the graph that differ.
        fit: hyperparameters of the fitting that differ.
        averaged: whether the weights are the mean of the last epochs', or the best epoch's.
        seed: of the fitting.
    """

    head: Head = plain
    graph: Mapping[str, Any] = field(default_factory=dict)
    fit: Mapping[str, Any] = field(default_factory=dict)
    averaged: bool = False
    seed: int = 0

    def hyperparameters(self) -> Hyperparameters:
        """All of them."""
        usual = Hyperparameters()
        return replace(
            usual, graph=replace(usual.graph, **self.graph), fit=replace(usual.fit, **self.fit)
        )

    def build(self, trunk: Trunk, tags: int) -> keras.Model:
        """From title and body to the tags' logits."""
        inputs = {name: trunk.inputs[name] for name in ("title", "body")}
        whole = keras.Model(inputs, trunk.conv_features)
        hyperparameters = self.hyperparameters().graph
        places = []
        for name, widths in (
            ("title", hyperparameters.title_widths),
            ("body", hyperparameters.body_widths),
        ):
            filled = ops.expand_dims(ops.cast(inputs[name] > 0, "float32"), -1)
            places.append((whole.get_layer(f"{name}_conv{max(widths)}").output, filled))
        parts = Parts(inputs, trunk.conv_features, tuple(places), tags, hyperparameters)
        return keras.Model(inputs, self.head(parts))


VARIANTS: Final[Mapping[str, Variant]] = {
    "base": Variant(),
    "another-seed": Variant(seed=1),
    "filters-96": Variant(graph={"filters": 96}),
    "filters-128": Variant(graph={"filters": 128}),
    "batch-256": Variant(fit={"conv_batch": 256, "conv_rate": 4e-3}),
    "queries-beside": Variant(head=queries_beside),
    "queries-instead": Variant(head=queries_instead, graph={"filters": 64}),
    "labels-beside": Variant(head=labels_beside),
    "labels-instead": Variant(head=labels_instead),
    "labels-64": Variant(head=labels_instead, graph={"filters": 64}),
    "labels-32": Variant(head=labels_instead, graph={"filters": 32}),
    "labels-tied": Variant(head=labels_tied, graph={"filters": 64}),
    "labels-tied-96": Variant(head=labels_tied, graph={"filters": 96}),
    "labels-correlated": Variant(head=labels_correlated, graph={"filters": 64}),
    "correlated": Variant(head=correlated),
    "averaged": Variant(averaged=True),
}
