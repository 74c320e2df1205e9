"""Systems that are Keras networks: what can be published, and how one is fitted."""

import tempfile
import time
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import TrainingError
from core.model.calibration import NO_CALIBRATION, Calibration
from core.model.encoding import Arrays, Input, place
from core.model.tokenizer import TextSettings
from core.model.vocabulary import Vocabulary
from trainer.data.corpus import Corpus
from trainer.data.dataset import Dataset
from trainer.data.splits import Rows
from trainer.progress import Epoch, ProgressReporter
from trainer.systems.base import System, Tagger, words_size
from trainer.systems.keras_setup import import_keras

PREDICT_ROWS = 256  # of one call
PAGE_ROWS = 16 * PREDICT_ROWS  # encoded at a time


@dataclass(frozen=True, slots=True)
class Network(Tagger):
    """A fitted network and all that it needs to be run on a text.

    Attributes:
        keras: the Keras model, not compiled: named inputs, one output (rows, labels).
        vocabulary: the words behind the ids.
        inputs: what its inputs are made of.
        text: how questions become words.
        calibration: from the network's probabilities to those that it gives.
        epochs: how fitting went.
        validation_probabilities: the labels' for the validation part, from before it was learned
            from; None where it never was.
    """

    keras: Any
    vocabulary: Vocabulary
    inputs: tuple[Input, ...]
    text: TextSettings
    calibration: Calibration = NO_CALIBRATION
    epochs: tuple[Epoch, ...] = ()
    validation_probabilities: npt.NDArray[np.float64] | None = None

    def encode(self, corpus: Corpus, rows: Rows) -> Arrays:
        """Return the network's inputs for rows of a corpus, as workers make them of texts."""
        return encode_rows(corpus, rows, self.vocabulary, self.inputs)

    def probabilities(self, corpus: Corpus, rows: Rows) -> npt.NDArray[np.float64]:
        """Return calibrated probabilities: shape (rows, labels)."""
        pages = [rows[start : start + PAGE_ROWS] for start in range(0, len(rows), PAGE_ROWS)]
        raw = [
            self.keras.predict(self.encode(corpus, page), batch_size=PREDICT_ROWS, verbose=0)
            for page in pages
        ]
        labels = self.keras.output_shape[-1]
        return self.calibration.apply(np.concatenate([np.zeros((0, labels), np.float32), *raw]))

    def size(self) -> int:
        """Return the bytes of the weights, four each, and of the words."""
        return 4 * int(self.keras.count_params()) + words_size(self.vocabulary.words)


@dataclass(frozen=True, kw_only=True)
class NetworkSystem(System):
    """A system that gives a network, so it can be published; the base of all architectures.

    Attributes:
        epochs: at most; None leaves it to the architecture.
    """

    epochs: int | None = None

    @abstractmethod
    def fit(
        self, dataset: Dataset, *, seed: int, reporter: ProgressReporter, resume: Path | None = None
    ) -> Network:
        """Learn a dataset.

        Args:
            dataset: what is learned.
            seed: the same one gives the same network.
            reporter: is told how it goes.
            resume: a folder, of this site's trainings alone, for what is finished: should this
                one be killed, the next goes on from there to the same network. Architectures that
                fit in a minute make no use of it. None keeps nothing.

        Raises:
            TrainingError: nothing could be learned.
        """

    def manifest_hyperparameters(self) -> dict[str, Any]:
        """For the bundle's manifest."""
        return asdict(self)


def most_frequent_words(corpus: Corpus, rows: Rows, size: int) -> Vocabulary:
    """The vocabulary of the `size` most frequent words of rows; ties go by the alphabet."""
    total = len(corpus.lexicon)
    counts = corpus.titles.counts(rows, total) + corpus.bodies.counts(rows, total)
    present = np.flatnonzero(counts)
    ranked = sorted(present, key=lambda word: (-counts[word], corpus.lexicon[word]))
    return Vocabulary([corpus.lexicon[word] for word in ranked[:size]])


def encode_rows(
    corpus: Corpus, rows: Rows, vocabulary: Vocabulary, inputs: tuple[Input, ...]
) -> Arrays:
    """Encode rows of a corpus for a network: for each input's names (rows, length)."""
    known = np.array(vocabulary.numbers(corpus.lexicon), np.int32)
    numbers = [(known[corpus.titles[row]], known[corpus.bodies[row]]) for row in rows]
    return place(numbers, vocabulary, inputs)


@dataclass(frozen=True, slots=True)
class Examples:
    """What a network is shown: inputs by name, and targets of shape (rows, labels)."""

    inputs: Arrays
    targets: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.targets)


def fit_model(
    model: Any,
    train: Examples,
    validation: Examples,
    *,
    epochs: int,
    batch_size: int,
    callbacks: list[Any],
    reporter: ProgressReporter,
) -> tuple[Epoch, ...]:
    """Fit a compiled model and leave it with the weights of its best epoch.

    The best is that of the lowest loss on the validation part. Ctrl-C ends the fitting; the best
    epoch so far is kept, where there is one.

    Raises:
        TrainingError: the loss was a number in no epoch.
        KeyboardInterrupt: before the first epoch's end.
    """
    keras = import_keras()
    follower = _Follower(reporter, epochs, batches=-(-len(train) // batch_size))
    with tempfile.TemporaryDirectory() as folder:
        best = Path(folder) / "best.weights.h5"
        try:
            model.fit(
                train.inputs,
                train.targets,
                validation_data=(validation.inputs, validation.targets),
                epochs=epochs,
                batch_size=batch_size,
                verbose=0,
                callbacks=[
                    *callbacks,
                    keras.callbacks.ModelCheckpoint(
                        best, save_best_only=True, save_weights_only=True
                    ),
                    keras.callbacks.LambdaCallback(
                        on_train_batch_end=follower.batch_ended, on_epoch_end=follower.epoch_ended
                    ),
                ],
            )
        except KeyboardInterrupt:
            if not best.exists():
                raise
            reporter.note("Stopped; going on with the best epoch so far.")
        if not best.exists():
            raise TrainingError("The network did not learn: its loss is not a number.")
        model.load_weights(best)
    return tuple(follower.epochs)


def precision_at_1(targets: Any, probabilities: Any) -> Any:
    """A Keras metric: whether a question has its most probable label."""
    from keras import ops  # noqa: PLC0415

    first = ops.expand_dims(ops.argmax(probabilities, axis=-1), -1)
    return ops.squeeze(ops.take_along_axis(targets, first, axis=-1), -1)


@dataclass
class _Follower:
    """Turns what Keras' callbacks say into what a reporter is told."""

    reporter: ProgressReporter
    of: int
    batches: int
    epochs: list[Epoch] = field(default_factory=list)
    now: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._began = self.now()

    def batch_ended(self, batch: int, logs: dict[str, float]) -> None:  # noqa: ARG002
        done = len(self.epochs) * self.batches + batch + 1
        self.reporter.batch(done, self.of * self.batches)

    def epoch_ended(self, number: int, logs: dict[str, float]) -> None:
        now = self.now()
        epoch = Epoch(
            number=number + 1,
            of=self.of,
            loss=float(logs["loss"]),
            val_loss=float(logs["val_loss"]),
            val_precision_at_1=float(logs["val_precision_at_1"]),
            seconds=now - self._began,
        )
        self._began = now
        self.epochs.append(epoch)
        self.reporter.epoch(epoch)
