"""Networks that are counted and not fitted: a training that takes no time, to be published."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from core.model.encoding import SequenceInput
from core.model.tokenizer import TextSettings
from core.model.vocabulary import PADDING
from trainer.data.dataset import Dataset
from trainer.progress import ProgressReporter
from trainer.systems.networks.keras_setup import import_keras
from trainer.systems.networks.network import (
    Network,
    NetworkSystem,
    encode_rows,
    most_frequent_words,
)


@dataclass(frozen=True, kw_only=True)
class CountingNetwork(NetworkSystem):
    """A network of what words say.

    A word speaks for a label by the share of its questions that have it; the strongest word counts.
    """

    name: ClassVar[str] = "counting"
    text: ClassVar[TextSettings] = TextSettings()
    inputs: ClassVar[tuple[SequenceInput, ...]] = (
        SequenceInput(name="text", source="text", length=30),
    )
    most_questions: ClassVar[int] = 1_000_000  # that are counted

    def fit(
        self,
        dataset: Dataset,
        *,
        seed: int,  # noqa: ARG002
        reporter: ProgressReporter,  # noqa: ARG002
        resume: Path | None = None,  # noqa: ARG002
    ) -> Network:
        """Count."""
        keras = import_keras()
        rows = dataset.split.train[: self.most_questions]
        vocabulary = most_frequent_words(dataset.corpus, rows, 1000)
        encoded = encode_rows(dataset.corpus, rows, vocabulary, self.inputs)["text"]
        uses = np.zeros((vocabulary.size, len(rows)), np.float32)
        uses[encoded, np.arange(len(rows))[:, None]] = 1
        share = uses @ dataset.targets[rows] / np.maximum(uses.sum(axis=1, keepdims=True), 1)
        share[[PADDING, vocabulary.unknown]] = 0
        ids = keras.Input(encoded.shape[1:], dtype="int32", name="text")
        table = keras.layers.Embedding(*share.shape, weights=[8 * share - 4])
        strongest = keras.layers.GlobalMaxPooling1D()(table(ids))
        model = keras.Model({"text": ids}, keras.layers.Activation("sigmoid")(strongest))
        return Network(model, vocabulary, self.inputs, self.text)


@dataclass(frozen=True, kw_only=True)
class HastyNetwork(CountingNetwork):
    """It counts too few questions to tag well."""

    name: ClassVar[str] = "hasty"
    most_questions: ClassVar[int] = 20
