"""From words to the arrays that a network takes; one way for training and for serving."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from core.model.vocabulary import PADDING, Vocabulary

Ids = Sequence[int] | npt.NDArray[np.int32]
Arrays = dict[str, npt.NDArray[Any]]
Weighted = tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]  # different ids, a weight for each


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
    name: str
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


class _WeightedInput(BaseModel):
    """Two inputs of a network: the ids of a text's different words, and a weight for each.

    Attributes:
        name: of the ids; that of the weights ends in `_weights`.
        source: title, body, or text.
        length: how many fit; the rarest and most used stay.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    source: Literal["title", "body", "text"]
    length: int = Field(ge=1, le=100_000)

    @property
    def names(self) -> tuple[str, ...]:
        """What the network calls its arrays."""
        return self.name, f"{self.name}_weights"


class BagInput(_WeightedInput):
    """Different words, weighted by 1 + ln(uses)."""

    kind: Literal["bag"] = "bag"


class TermsInput(_WeightedInput):
    """Different words and pairs of neighbours, weighted by tf-idf.

    The weights of a text are scaled to length one, and those of the title, so scaled by
    themselves, are added: the title counts for as much as the whole.
    """

    kind: Literal["terms"] = "terms"


Input = Annotated[SequenceInput | BagInput | TermsInput, Field(discriminator="kind")]


def encode(
    questions: Sequence[tuple[Sequence[str], Sequence[str]]],
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
    numbers = [(vocabulary.numbers(title), vocabulary.numbers(body)) for title, body in questions]
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
        For each input's names an array of shape (questions, length).
    """
    arrays = _empty(len(questions), inputs)
    for row, parts in enumerate(questions):
        title, body = (np.asarray(part, np.int32) for part in parts)
        sources = {"title": [title], "body": [body], "text": [title, body]}
        for spec in inputs:
            own = [arrays[name][row] for name in spec.names]
            if isinstance(spec, SequenceInput):
                _place_sequence(own[0], sources[spec.source], vocabulary, spec)
                continue
            if isinstance(spec, BagInput):
                found = _bag(np.concatenate(sources[spec.source]))
            else:
                found = _terms(title, sources[spec.source], vocabulary)
            _place_weighted(own, found, vocabulary)
    return arrays


def _empty(rows: int, inputs: Sequence[Input]) -> Arrays:
    arrays: Arrays = {}
    for spec in inputs:
        for name, kind in zip(spec.names, (np.int32, np.float32), strict=False):
            arrays[name] = np.zeros((rows, spec.length), kind)
    return arrays


def _place_sequence(
    row: npt.NDArray[np.int32],
    parts: list[npt.NDArray[np.int32]],
    vocabulary: Vocabulary,
    spec: SequenceInput,
) -> None:
    numbers = np.concatenate(parts)
    if spec.unknown == "mark":
        numbers = np.where(numbers == PADDING, vocabulary.unknown, numbers)
    ids = numbers[numbers > PADDING + spec.skip]
    kept = ids[: spec.length] if spec.keep == "first" else ids[-spec.length :]
    start = len(row) - len(kept) if spec.pad == "front" else 0
    row[start : start + len(kept)] = kept


def _bag(numbers: npt.NDArray[np.int32]) -> Weighted:
    ids, uses = np.unique(numbers[numbers != PADDING], return_counts=True)
    return ids, (1 + np.log(uses)).astype(np.float32)


def _terms(
    title: npt.NDArray[np.int32], parts: list[npt.NDArray[np.int32]], vocabulary: Vocabulary
) -> Weighted:
    ids, weights = _unit_tf_idf(parts, vocabulary)
    title_ids, title_weights = _unit_tf_idf([title], vocabulary)
    if any(part is title for part in parts):
        weights[np.searchsorted(ids, title_ids)] += title_weights
    return ids, weights


def _unit_tf_idf(parts: list[npt.NDArray[np.int32]], vocabulary: Vocabulary) -> Weighted:
    pairs = [vocabulary.find_pairs(part) for part in parts]
    ids, log_uses = _bag(np.concatenate([*parts, *pairs]))
    weights = log_uses * vocabulary.idf[ids]
    return ids, weights / max(float(np.linalg.norm(weights)), 1e-9)


def _place_weighted(row: list[npt.NDArray[Any]], found: Weighted, vocabulary: Vocabulary) -> None:
    ids, weights = found
    places = len(row[0])
    if len(ids) > places:
        heaviest = np.argsort(-weights * vocabulary.idf[ids], kind="stable")[:places]
        ids, weights = ids[heaviest], weights[heaviest]
    row[0][: len(ids)], row[1][: len(ids)] = ids, weights
