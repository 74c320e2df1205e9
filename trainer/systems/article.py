"""What the article's two networks have in common: the text, the labels and the fitting.

"Performing Multi-label Text Classification with Keras" (Rocco Schulz, 2018): title and body in
one sequence, the 5,000 most frequent words, 180 of a question, embeddings of 20 dimensions learned
with the network, and a sigmoid for each label. Words are split at hyphens, as Keras' Tokenizer did:
whole, they fall out of so small a vocabulary (simple, cooking: precision@1 .465 instead of .483).
"""

import itertools
from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from core.model.encoding import SequenceInput
from core.model.tokenizer import TextSettings
from core.model.vocabulary import Vocabulary
from trainer.data.dataset import Dataset
from trainer.data.splits import Rows
from trainer.progress import Epoch, ProgressReporter
from trainer.systems.base import learned_rows
from trainer.systems.networks.class_weights import class_weights, weighted_binary_crossentropy
from trainer.systems.networks.keras_setup import import_keras, make_deterministic
from trainer.systems.networks.network import (
    Network,
    NetworkSystem,
    encode_rows,
    most_frequent_words,
)

if TYPE_CHECKING:
    from trainer.systems.networks.batches import Batches  # which imports TensorFlow

WORDS: Final = 5000  # Keras' Tokenizer(num_words=5000) gives the ids 1 to 4,999, as here
LENGTH: Final = 180  # Keras' pad_sequences keeps the last and pads in front
DIMENSIONS: Final = 20
BATCH: Final = 32
PATIENCE: Final = 4

INPUTS: Final = (
    SequenceInput(name="text", source="text", length=LENGTH, keep="last", pad="front"),
)


@dataclass(frozen=True, kw_only=True)
class ArticleNetwork(NetworkSystem):
    """A network over the article's one sequence; says by `layers` what lies in between.

    Attributes:
        class_weights: whether rare labels weigh as much as frequent ones in the loss.
        epochs: at most.
    """

    class_weights: bool = False
    epochs: int = 20

    text: ClassVar[TextSettings] = TextSettings(hyphens="split", inline="join", unspaced="pairs")
    inputs: ClassVar[tuple[SequenceInput, ...]] = INPUTS
    learning_rate: ClassVar[float] = 0.001  # Adam's own

    @abstractmethod
    def layers(self, keras: Any) -> list[Any]:
        """Return the layers between the embedding and the output, for one input."""

    def embedding(self, keras: Any, dataset: Dataset, vocabulary: Vocabulary) -> Any:  # noqa: ARG002
        """Return the layer from ids to vectors; here it is learned with the rest."""
        return keras.layers.Embedding(WORDS, DIMENSIONS)

    def fit(
        self,
        dataset: Dataset,
        *,
        seed: int,
        reporter: ProgressReporter,
        resume: Path | None = None,  # noqa: ARG002
    ) -> Network:
        """Learn a dataset; it takes a minute, so nothing is kept to resume."""
        keras = import_keras()
        make_deterministic(keras, seed)
        learned = learned_rows(dataset)
        vocabulary = most_frequent_words(dataset.corpus, learned, WORDS - 1)
        model = self._compile(keras, dataset, vocabulary)
        epochs = self._fit_model(keras, model, dataset, vocabulary, reporter)
        bare = keras.Model(model.inputs, model.outputs)  # without its loss: it loads anywhere
        return Network(bare, vocabulary, self.inputs, self.text, epochs=epochs)

    def _fit_model(
        self,
        keras: Any,
        model: Any,
        dataset: Dataset,
        vocabulary: Vocabulary,
        reporter: ProgressReporter,
    ) -> tuple[Epoch, ...]:
        """Leave the model with its best epoch's weights, and return how all epochs went."""
        from trainer.systems.networks.batches import one_order  # noqa: PLC0415
        from trainer.systems.networks.fitting import BestEpoch, fit_model  # noqa: PLC0415

        train, validation = dataset.split.train, dataset.split.validation
        learned = self._batches(dataset, train[one_order(len(train))], vocabulary)
        judged = self._batches(dataset, validation, vocabulary)
        done, batches = itertools.count(1), self.epochs * learned.steps
        best = BestEpoch(
            self.epochs,
            on_batch=lambda: reporter.batch(next(done), batches),
            on_epoch=reporter.epoch,
        )
        fit_model(
            model,
            best,
            x=learned.in_order(),
            shuffle=False,  # the rows are
            validation_data=judged.in_order(),
            callbacks=[
                keras.callbacks.ReduceLROnPlateau(),
                keras.callbacks.EarlyStopping(patience=PATIENCE),
            ],
        )
        if best.interrupted:
            if best.weights is None:
                raise KeyboardInterrupt
            reporter.note("Stopped; going on with the best epoch so far.")
        return tuple(best.ended)

    def _batches(self, dataset: Dataset, rows: Rows, vocabulary: Vocabulary) -> "Batches":
        """Inputs and targets of rows, in their order."""
        from trainer.systems.networks.batches import Batches  # noqa: PLC0415

        inputs = encode_rows(dataset.corpus, rows, vocabulary, self.inputs)
        return Batches((inputs, dataset.targets[rows]), np.arange(len(rows)), BATCH)

    def _compile(self, keras: Any, dataset: Dataset, vocabulary: Vocabulary) -> Any:
        """Return the network for a dataset, with its loss."""
        from trainer.systems.networks.fitting import precision_at_1  # noqa: PLC0415

        model = self._build(keras, dataset, vocabulary)
        weights = class_weights(dataset.targets[dataset.split.train])
        model.compile(
            keras.optimizers.Adam(self.learning_rate),
            weighted_binary_crossentropy(weights) if self.class_weights else "binary_crossentropy",
            metrics=[precision_at_1(len(dataset.labels))],
        )
        return model

    def _build(self, keras: Any, dataset: Dataset, vocabulary: Vocabulary) -> Any:
        ids = {
            spec.name: keras.Input((spec.length,), dtype="int32", name=spec.name)
            for spec in self.inputs
        }
        embedding = self.embedding(keras, dataset, vocabulary)
        read = []
        for words in ids.values():
            hidden = embedding(words)
            for layer in self.layers(keras):
                hidden = layer(hidden)
            read.append(hidden)
        hidden = keras.layers.concatenate(read) if len(read) > 1 else read[0]
        output = keras.layers.Dense(len(dataset.labels), activation="sigmoid")(hidden)
        return keras.Model(ids, output)
