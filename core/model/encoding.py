"""From words to the arrays that a network takes; one way for training and for serving.

All texts of a batch lie behind each other in one array, so that each step is a few operations of
NumPy on the whole batch and not on each text.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from core.model.sentences.reading import ReadQuestion, SentenceInput
from core.model.text.names import Named
from core.model.vocabulary import PADDING, Vocabulary

Ids = Sequence[int] | npt.NDArray[np.int32]
Arrays = dict[str, npt.NDArray[Any]]

BLOCK = 1024  # questions that are placed at once: some megabytes lie between
LENGTH_STEP = 4  # to which calls of a network are shortened: few shapes, and few words of padding


class SequenceInput(BaseModel):
    """One input of a network: the ids of a text's words, cut or padded to one length.

    Attributes:
        name: the network's own name for it.
        source: title, body, or text (the title's words, then the body's).
        length: in words.
        keep: which words stay where there are more.
        pad: where the padding goes where there are fewer.
        unknown: whether a word that the vocabulary does not know is left out or keeps a place.
        skip: how many of the vocabulary's first words are left out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["sequence"] = "sequence"
    name: str = Field(max_length=100)
    source: Literal["title", "body", "text"]
    length: int = Field(ge=1, le=100_000)
    keep: Literal["first", "last"] = "first"
    pad: Literal["front", "back"] = "back"
    unknown: Literal["drop", "mark"] = "drop"
    skip: int = Field(default=0, ge=0)

    @property
    def names(self) -> tuple[str, ...]:
        """What the network calls its arrays."""
        return (self.name,)

    kinds: ClassVar = ("int32",)


class _WeightedInput(BaseModel):
    """Two inputs of a network: the ids of a text's different words, and a weight for each.

    Attributes:
        name: of the ids; that of the weights ends in `_weights`.
        source: title, body, or text.
        length: how many fit; the rarest and most used stay.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(max_length=100)
    source: Literal["title", "body", "text"]
    length: int = Field(ge=1, le=100_000)

    @property
    def names(self) -> tuple[str, ...]:
        """What the network calls its arrays."""
        return self.name, f"{self.name}_weights"

    kinds: ClassVar = ("int32", "float32")


class BagInput(_WeightedInput):
    """Different words, weighted by 1 + ln(uses)."""

    kind: Literal["bag"] = "bag"


class TermsInput(_WeightedInput):
    """Different words and pairs of neighbours, weighted by tf-idf.

    The weights of a text are scaled to length one, and those of the title, so scaled by
    themselves, are added: the title counts for as much as the whole.
    """

    kind: Literal["terms"] = "terms"


WordsInput = SequenceInput | BagInput | TermsInput
Input = Annotated[
    SequenceInput | BagInput | TermsInput | SentenceInput, Field(discriminator="kind")
]


@dataclass(frozen=True, slots=True, eq=False)  # one batch's are themselves, whatever they hold
class _Texts:
    """A batch's texts behind each other.

    Attributes:
        ids: of all words, PADDING for an unknown one; shape (words,).
        rows: which question each belongs to, never falling; shape (words,).
    """

    ids: npt.NDArray[np.int32]
    rows: npt.NDArray[np.int64]

    @classmethod
    def of(cls, texts: Sequence[Ids]) -> "_Texts":
        lengths = [len(text) for text in texts]
        ids = np.fromiter(chain.from_iterable(texts), np.int32, sum(lengths))
        return cls(ids, np.repeat(np.arange(len(texts)), lengths))

    def followed_by(self, other: "_Texts") -> "_Texts":
        """Each text with that of the other's question behind it."""
        rows = np.concatenate([self.rows, other.rows])
        order = np.argsort(rows, kind="stable")
        return _Texts(np.concatenate([self.ids, other.ids])[order], rows[order])


@dataclass(frozen=True, slots=True)
class _Weighted:
    """The different ids of each question of a batch, in ascending order, and a weight for each."""

    rows: npt.NDArray[np.int64]
    ids: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float64]


def encode(
    questions: Sequence[tuple[Sequence[str], Sequence[str]] | ReadQuestion],
    vocabulary: Vocabulary,
    inputs: Sequence[Input],
) -> Arrays:
    """Encode questions for a network.

    Args:
        questions: of each, the title's words and the body's.
        vocabulary: the network's.
        inputs: the network's.

    Returns:
        For each input's names an array of shape (questions, length).
    """
    numbers = [(vocabulary.numbers(one[0]), vocabulary.numbers(one[1])) for one in questions]
    return place(numbers, vocabulary, inputs)


def place(
    questions: Sequence[tuple[Ids, Ids]], vocabulary: Vocabulary, inputs: Sequence[Input]
) -> Arrays:
    """Make the arrays of a network's inputs from questions whose words are numbered already.

    Args:
        questions: of each, the numbers() of the title's words and of the body's.
        vocabulary: the network's.
        inputs: the network's.

    Returns:
        For each input's names an array of shape (questions, length); that of a sentence vector,
        which no words make, is empty.
    """
    arrays = _empty(len(questions), inputs)
    for start in range(0, len(questions), BLOCK):
        block = questions[start : start + BLOCK]
        titles = _Texts.of([title for title, _ in block])
        bodies = _Texts.of([body for _, body in block])
        for spec in inputs:
            own = [arrays[name][start : start + BLOCK] for name in spec.names]
            if isinstance(spec, SequenceInput):
                _place_sequences(own[0], _source(spec, titles, bodies), vocabulary, spec)
            elif isinstance(spec, BagInput):
                _place_weighted(own, _bag([_source(spec, titles, bodies)], vocabulary), vocabulary)
            elif isinstance(spec, TermsInput):
                _place_weighted(own, _terms(spec, titles, bodies, vocabulary), vocabulary)
    return arrays


@dataclass(frozen=True, slots=True)
class Calls:
    """Questions as a network takes them, call by call.

    Attributes:
        arrays: of each call.
        places: of each row of all calls, which question it is; shape (questions,).
        named: where names of tags stand in the questions; None where that is not asked.
    """

    arrays: list[Arrays]
    places: npt.NDArray[np.int64]
    named: Named | None = None


def into_calls(
    arrays: Arrays, inputs: Sequence[Input], *, rows: int, any_length: Collection[str]
) -> Calls:
    """Cut arrays into calls of a network, those of equally long questions together.

    Half of what a network would read is padding: where it takes any length, each call is as short
    as its longest question allows.

    Args:
        arrays: what encode() gives for the inputs.
        inputs: the network's.
        rows: of a call, at most.
        any_length: names of arrays that may be shorter than their input says.
    """
    count = len(next(iter(arrays.values()), ()))
    lengths = {
        spec.name: np.count_nonzero(arrays[spec.name], axis=1)
        for spec in inputs
        if set(spec.names) <= set(any_length) and not _is_padded_in_front(spec)
    }
    total = sum(lengths.values(), np.zeros(count, np.int64))
    places = np.argsort(total, kind="stable")
    calls = []
    for start in range(0, count, rows):
        own = places[start : start + rows]
        call: Arrays = {}
        for spec in inputs:
            longest = spec.length
            if spec.name in lengths:
                steps = -(-int(lengths[spec.name][own].max()) // LENGTH_STEP)
                longest = min(spec.length, LENGTH_STEP * max(steps, 1))
            call |= {name: arrays[name][own, :longest] for name in spec.names}
        calls.append(call)
    return Calls(calls, places)


def _is_padded_in_front(spec: Input) -> bool:
    return isinstance(spec, SequenceInput) and spec.pad == "front"


def _empty(rows: int, inputs: Sequence[Input]) -> Arrays:
    arrays: Arrays = {}
    for spec in inputs:
        for name, kind in zip(spec.names, spec.kinds, strict=True):
            arrays[name] = np.zeros((rows, spec.length), kind)
    return arrays


def _source(spec: WordsInput, titles: _Texts, bodies: _Texts) -> _Texts:
    if spec.source == "text":
        return titles.followed_by(bodies)
    return titles if spec.source == "title" else bodies


def _place_sequences(
    array: npt.NDArray[np.int32], texts: _Texts, vocabulary: Vocabulary, spec: SequenceInput
) -> None:
    ids = texts.ids
    if spec.unknown == "mark":
        ids = np.where(ids == PADDING, vocabulary.unknown, ids)
    known = ids > PADDING + spec.skip
    ids, rows = ids[known], texts.rows[known]
    counts = np.bincount(rows, minlength=len(array))
    places = _places_in_rows(rows, counts)
    if spec.keep == "last":
        places -= np.maximum(counts - spec.length, 0)[rows]
    kept = (places >= 0) & (places < spec.length)
    if spec.pad == "front":
        places += np.maximum(spec.length - counts, 0)[rows]
    array[rows[kept], places[kept]] = ids[kept]


def _places_in_rows(
    rows: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """How many of its row stand before each."""
    firsts = np.cumsum(counts) - counts
    return np.asarray(np.arange(len(rows)) - firsts[rows], np.int64)


def _bag(parts: Sequence[_Texts], vocabulary: Vocabulary) -> _Weighted:
    keys = [part.rows * vocabulary.size + part.ids for part in parts]
    known = np.concatenate(
        [key[part.ids != PADDING] for key, part in zip(keys, parts, strict=True)]
    )
    found, uses = np.unique(known, return_counts=True)
    rows, ids = np.divmod(found, vocabulary.size)
    return _Weighted(rows, ids, 1 + np.log(uses))


def _terms(spec: TermsInput, titles: _Texts, bodies: _Texts, vocabulary: Vocabulary) -> _Weighted:
    parts = {"title": [titles], "body": [bodies], "text": [titles, bodies]}[spec.source]
    found = _unit_tf_idf(parts, vocabulary)
    if titles in parts:
        own = _unit_tf_idf([titles], vocabulary)
        keys = found.rows * vocabulary.size + found.ids
        places = np.searchsorted(keys, own.rows * vocabulary.size + own.ids)
        found.weights[places] += own.weights
    return found


def _unit_tf_idf(parts: Sequence[_Texts], vocabulary: Vocabulary) -> _Weighted:
    pairs = [_Texts(*vocabulary.find_pairs(part.ids, part.rows)) for part in parts]
    found = _bag([*parts, *pairs], vocabulary)
    weights = found.weights * vocabulary.idf[found.ids]
    lengths = np.sqrt(np.bincount(found.rows, weights * weights))
    return _Weighted(found.rows, found.ids, weights / np.maximum(lengths, 1e-9)[found.rows])


def _place_weighted(
    arrays: list[npt.NDArray[Any]], found: _Weighted, vocabulary: Vocabulary
) -> None:
    kept = _heaviest(found, arrays[0].shape, vocabulary)
    rows = found.rows[kept]
    places = _places_in_rows(rows, np.bincount(rows, minlength=len(arrays[0])))
    arrays[0][rows, places], arrays[1][rows, places] = found.ids[kept], found.weights[kept]


def _heaviest(
    found: _Weighted, shape: tuple[int, ...], vocabulary: Vocabulary
) -> npt.NDArray[np.bool_]:
    """Which of the ids stay: of a row with too many the rarest and most used."""
    counts = np.bincount(found.rows, minlength=shape[0])
    kept = np.ones(len(found.rows), np.bool_)
    over = np.flatnonzero((counts > shape[1])[found.rows])
    if len(over):
        rows = found.rows[over]
        order = np.lexsort((-found.weights[over] * vocabulary.idf[found.ids[over]], rows))
        places = _places_in_rows(rows, np.where(counts > shape[1], counts, 0))
        kept[over[order]] = places < shape[1]
    return kept
