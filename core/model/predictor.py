"""A model that runs: LiteRT over whole batches, without TensorFlow."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from core.errors import BundleCorrupt
from core.log import silent_stderr
from core.memory import own_bytes
from core.model.bundle import Bundle
from core.model.encoding import Arrays, Calls, encode, into_calls
from core.model.post_processing.synonyms import join_synonyms
from core.model.sentences.encoders import NO_ENCODER, Encoders
from core.model.sentences.reading import ReadQuestion, sentence_vectors
from core.model.text.names import TagNames, Words
from core.model.tokenizer import question_words

KEPT_TAGS = 10  # of each prediction
MAX_SUGGESTIONS = 5  # the sites' own limit of tags on a question
SAMPLE_TOLERANCE = 1e-4  # between the processor that published a bundle and the one that loads it
LONGEST_PROBE = 1000  # repetitions of three words

# Of one call of the network: LiteRT keeps what lies between its layers for as many, .8 MB each for
# the default architecture, and a question takes as long in a batch of 25 as in one of 100.
MOST_ROWS = 25


class RankedTag(NamedTuple):
    """A tag, its probability, and whether it is suggested."""

    tag: str
    probability: float
    suggested: bool


class Model:
    """A network with its vocabulary, labels and thresholds. Not for several threads at once."""

    def __init__(
        self, bundle: Bundle, *, threads: int = 1, encoders: Encoders | None = NO_ENCODER
    ) -> None:
        """Load the network, and the sentence encoder where it reads one.

        Args:
            bundle: the model's.
            threads: of the network.
            encoders: the encoder that is here; None where the model is tried by its sample alone,
                and reads no question.

        Raises:
            EncoderMissing: it reads a sentence encoder that is not here.
            BundleCorrupt: LiteRT does not take the network, it does not fit the manifest, or it
                does not reproduce the manifest's sample.
        """
        from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415 (slow; workers only)

        before = own_bytes()
        self.manifest = bundle.manifest
        self.vocabulary = bundle.vocabulary
        self._thresholds = np.array(bundle.manifest.thresholds)
        self._post_processing = self.manifest.post_processing
        self._names = None if self.manifest.names is None else self._label_names()
        self._sentence = bundle.manifest.sentence
        self._encoder = encoders.get(self._sentence) if self._sentence and encoders else None
        try:
            # By its path, LiteRT maps the file: its weights are the same memory in all processes.
            self._interpreter = Interpreter(model_path=str(bundle.tflite), num_threads=threads)
            self._run = _Signature(self._interpreter)
        except (ValueError, RuntimeError) as error:
            raise BundleCorrupt(f"LiteRT refuses the bundle's network: {error}.") from error
        with silent_stderr():  # of LiteRT's note on its delegate
            self._verify()
        self.mapped = bundle.size  # bytes of the file that all processes share
        self.size = self.mapped + max(0, own_bytes() - before)

    def _verify(self) -> None:
        names = {name for spec in self.manifest.inputs for name in spec.names}
        if names != self._run.inputs:
            raise BundleCorrupt(
                f"The network's inputs are {sorted(self._run.inputs)}, "
                f"the manifest's {sorted(names)}."
            )
        samples = self.manifest.sample
        texts = [(s.title, s.body) for s in samples] or [("", "")]
        # Its rarest words and one that it does not know, more of them than any input holds: an id
        # that the network has no row for, or an input that does not fit, shows here and not later.
        rarest = [*self.vocabulary.words[-2:], "\0"] * LONGEST_PROBE
        try:
            read = [question_words(title, body, self.manifest.text) for title, body in texts]
            found = self.probabilities(read)
            probed = self.probabilities([(rarest, rarest)] * MOST_ROWS)  # whose buffers stay
        except (ValueError, RuntimeError) as error:
            raise BundleCorrupt(f"The bundle's network does not run: {error}.") from error
        if found.shape[1] != len(self.manifest.labels):
            raise BundleCorrupt(
                f"The network gives {found.shape[1]} probabilities for "
                f"{len(self.manifest.labels)} labels."
            )
        if not all(((told >= 0) & (told <= 1)).all() for told in (found, probed)):
            raise BundleCorrupt("The network gives numbers that are no probabilities, or none.")
        expected = np.array([s.probabilities for s in samples])
        if samples and not np.abs(found - expected).max() <= SAMPLE_TOLERANCE:
            raise BundleCorrupt("The network does not give the probabilities of its own sample.")

    def _label_names(self) -> TagNames:
        text = self.manifest.text
        return TagNames([question_words(label, "", text)[0] for label in self.manifest.labels])

    def words(self, title: str, body: str) -> Words:
        """Return the words of a title and of a body's HTML, as this model reads them."""
        words = question_words(title, body, self.manifest.text)
        if self._encoder is None:
            return words
        return ReadQuestion(*words, self._encoder.tokens(title, body))

    def probabilities(self, questions: Sequence[Words]) -> npt.NDArray[np.float64]:
        """Return calibrated probabilities: shape (questions, labels).

        probabilities = model.probabilities([model.words(title, body)])
        (tags,) = model.rank(probabilities)
        """
        return self.run(self.encode(questions))

    def encode(
        self, questions: Sequence[Words], sentences: npt.NDArray[np.float32] | None = None
    ) -> Calls:
        """What run() takes of questions. May be called while another thread runs the network.

        Args:
            questions: as words() gives them.
            sentences: their sentence vectors, where the model reads them and somebody has them.
        """
        inputs, sentence = self.manifest.inputs, self._sentence
        arrays = encode(questions, self.vocabulary, inputs)
        if sentence is not None:
            if sentences is None:
                sentences = sentence_vectors(self._encoder, questions, sentence.length)
            arrays[sentence.name] = sentences
        calls = into_calls(arrays, inputs, rows=MOST_ROWS, any_length=self._run.any_length)
        if self._names is None:
            return calls
        return replace(calls, named=self._names.find(questions))

    def run(self, calls: Calls) -> npt.NDArray[np.float64]:
        """Run the network, which holds no lock of Python's: see probabilities()."""
        if not calls.arrays:
            return np.zeros((0, len(self.manifest.labels)))
        found = np.concatenate([self._run(arrays) for arrays in calls.arrays])
        raw = np.empty_like(found)
        raw[calls.places] = found
        return self._post_processing.apply(raw, calls.named)

    def rank(
        self,
        probabilities: npt.NDArray[np.float64],
        *,
        excluded: Collection[str] = (),
        synonyms: Mapping[str, str] = MappingProxyType({}),
    ) -> list[list[RankedTag]]:
        """Return for each row its ten most probable tags, the most probable first.

        Args:
            probabilities: shape (questions, labels).
            excluded: tags that are not wanted; others move up in their place.
            synonyms: by tags that are dead at the site, the living ones that are told instead.
        """
        labels, probabilities, thresholds = join_synonyms(
            self.manifest.labels, probabilities, self._thresholds, synonyms
        )
        if excluded:
            wanted = [number for number, tag in enumerate(labels) if tag not in excluded]
            labels = tuple(labels[number] for number in wanted)
            probabilities, thresholds = probabilities[:, wanted], thresholds[wanted]
        order = _largest(probabilities, KEPT_TAGS)
        kept = np.take_along_axis(probabilities, order, axis=1)
        above = kept >= thresholds[order]
        suggested = above & (above.cumsum(axis=1) <= MAX_SUGGESTIONS)
        return [
            [RankedTag(labels[label], *told) for label, *told in zip(*row, strict=True)]
            for row in zip(order.tolist(), kept.tolist(), suggested.tolist(), strict=True)
        ]


def _largest(probabilities: npt.NDArray[np.float64], count: int) -> npt.NDArray[np.int64]:
    """Return the places of each row's largest values, the largest first, ties by their places.

    Sorting all of hundreds of labels takes several times as long as finding the ten.
    """
    if probabilities.shape[1] <= 4 * count:
        return np.argsort(-probabilities, axis=1, kind="stable")[:, :count]
    least = np.partition(probabilities, -count, axis=1)[:, -count, None]
    reach = probabilities >= least
    clear = reach.sum(axis=1) == count  # in the others several labels are as probable as the last
    order = np.empty((len(probabilities), count), np.int64)
    order[~clear] = np.argsort(-probabilities[~clear], axis=1, kind="stable")[:, :count]
    places = np.nonzero(reach[clear])[1].reshape(-1, count)
    values = np.take_along_axis(probabilities[clear], places, axis=1)
    inner = np.argsort(-values, axis=1, kind="stable")
    order[clear] = np.take_along_axis(places, inner, axis=1)
    return order


class _Signature:
    """One LiteRT signature, called with any number of rows."""

    def __init__(self, interpreter: Any) -> None:
        signatures = interpreter.get_signature_list()
        if len(signatures) != 1:
            raise ValueError(f"{len(signatures)} signatures instead of one")
        self._runner = interpreter.get_signature_runner(next(iter(signatures)))
        inputs = self._runner.get_input_details()
        self.inputs = set(inputs)
        self.any_length = {
            name for name, told in inputs.items() if [*told["shape_signature"]][1:] == [-1]
        }

    def __call__(self, arrays: Arrays) -> npt.NDArray[np.float32]:
        (output,) = self._runner(**arrays).values()
        return np.asarray(output, dtype=np.float32)
