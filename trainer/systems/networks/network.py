"""Systems that are Keras networks, so that they can be published."""

from abc import abstractmethod
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from core.model.encoding import Arrays, Input, place
from core.model.post_processing.calibration import NO_CALIBRATION, Calibration
from core.model.post_processing.rivals import Rivals
from core.model.post_processing.steps import PostProcessing
from core.model.sentences.reading import SentenceInput
from core.model.tokenizer import TextSettings
from core.model.vocabulary import Vocabulary
from trainer.data.corpus import Corpus
from trainer.data.dataset import Dataset
from trainer.data.splits import Rows
from trainer.progress import Epoch, ProgressReporter
from trainer.scoring.names import FittedNames
from trainer.systems.base import System, Tagger, words_size
from trainer.systems.networks.sentences import Teacher

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
        names: what tags' own names in the words say, before calibration; None for nothing.
        rivals: what labels take from each other then; None for nothing.
        calibration: from the network's probabilities to those that it gives.
        epochs: how fitting went.
        validation_probabilities: see Tagger.
        out_of_fold_rows: see Tagger.
        teacher: knows the sentence vectors that the network reads; None where it reads none.
        checkpoints: the folder of its fitting's, by which it is made again should it be lost before
            it is published; None where there are none, or they are of more use: what Ctrl-C cut
            short can still be resumed.
    """

    keras: Any
    vocabulary: Vocabulary
    inputs: tuple[Input, ...]
    text: TextSettings
    names: FittedNames | None = None
    rivals: Rivals | None = None
    calibration: Calibration = NO_CALIBRATION
    epochs: tuple[Epoch, ...] = ()
    validation_probabilities: npt.NDArray[np.float64] | None = None
    out_of_fold_rows: Rows | None = None
    teacher: Teacher | None = None
    checkpoints: Path | None = None

    def encode(self, corpus: Corpus, rows: Rows) -> Arrays:
        """Return the network's inputs for rows of a corpus, as workers make them of texts."""
        arrays = encode_rows(corpus, rows, self.vocabulary, self.inputs)
        for spec in self.inputs:
            if isinstance(spec, SentenceInput) and self.teacher is not None:
                vectors = self.teacher.vectors(corpus, rows, ProgressReporter())
                arrays[spec.name] = vectors.astype(np.float32)
        return arrays

    def probabilities(self, corpus: Corpus, rows: Rows) -> npt.NDArray[np.float64]:
        """Return calibrated probabilities: shape (rows, labels)."""
        pages = [rows[start : start + PAGE_ROWS] for start in range(0, len(rows), PAGE_ROWS)]
        labels = self.keras.output_shape[-1]
        return np.concatenate(
            [np.zeros((0, labels)), *(self._page(corpus, page) for page in pages)]
        )

    def _page(self, corpus: Corpus, rows: Rows) -> npt.NDArray[np.float64]:
        from trainer.systems.networks.batches import Batches  # noqa: PLC0415

        batches = Batches(self.encode(corpus, rows), np.arange(len(rows)), PREDICT_ROWS)
        raw = self.keras.predict(batches.in_order(), verbose=0)
        named = None if self.names is None else self.names.find(corpus, rows)
        return self.post_processing.apply(raw, named)

    @property
    def post_processing(self) -> PostProcessing:
        """What becomes of the Keras model's probabilities."""
        names = None if self.names is None else self.names.weights
        return PostProcessing(names, self.rivals, self.calibration)

    def size(self) -> int:
        """Return the bytes of the weights, four each, and of the words."""
        return 4 * int(self.keras.count_params()) + words_size(self.vocabulary.words)


@dataclass(frozen=True, kw_only=True)
class NetworkSystem(System):
    """A system that gives a network, so it can be published; the base of all architectures.

    Attributes:
        needs_teacher: whether there is none without a sentence encoder.
        epochs: at most; None leaves it to the architecture.
    """

    needs_teacher: ClassVar[bool] = False

    epochs: int | None = None

    @abstractmethod
    def fit(
        self, dataset: Dataset, *, seed: int, reporter: ProgressReporter, resume: Path | None = None
    ) -> Network:
        """Learn a dataset.

        Args:
            dataset: what is learned.
            seed: the same one gives the same network.
            reporter: shows the progress.
            resume: a folder, of this site's trainings alone, for what is finished: should this
                one be killed, the next resumes it, to the same network. Architectures that
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
