"""From words to the arrays of integers that a network takes."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

Ids = Sequence[int] | npt.NDArray[np.int32]

PADDING = 0  # the id that stands for no word; the vocabulary's first word has 1


class SequenceInput(BaseModel):
    """One input of a network: the ids of a text's words, cut or padded to one length.

    Attributes:
        name: the network's own name for it.
        source: title, body, or text (the title's words, then the body's).
        length: in words.
        keep: which words stay where there are more.
        pad: where the padding goes where there are fewer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    source: Literal["title", "body", "text"]
    length: int = Field(ge=1, le=100_000)
    keep: Literal["first", "last"] = "first"
    pad: Literal["front", "back"] = "back"


class Vocabulary:
    """The words that a network knows, numbered from 1 by frequency; others are left out."""

    def __init__(self, known: Sequence[str]) -> None:
        self.words = tuple(known)
        self._ids = {word: number for number, word in enumerate(known, start=PADDING + 1)}

    @classmethod
    def most_frequent(cls, texts: Iterable[Iterable[str]], size: int) -> "Vocabulary":
        """Count the words of texts and keep the `size` most frequent; ties go by the alphabet."""
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(text)
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return cls([word for word, _ in ranked[:size]])

    def __len__(self) -> int:
        return len(self.words)

    def ids(self, text: Iterable[str]) -> list[int]:
        """Return the ids of the known words of a text, in their order."""
        get = self._ids.get
        return [number for word in text if (number := get(word)) is not None]

    def numbers(self, text: Iterable[str]) -> list[int]:
        """Return an id for each word of a text, PADDING for an unknown one."""
        get = self._ids.get
        return [get(word, PADDING) for word in text]


def encode(
    questions: Sequence[tuple[Sequence[str], Sequence[str]]],
    vocabulary: Vocabulary,
    inputs: Sequence[SequenceInput],
) -> dict[str, npt.NDArray[np.int32]]:
    """Encode questions for a network.

    Args:
        questions: of each, the title's words and the body's.
        vocabulary: the network's.
        inputs: the network's.

    Returns:
        For each input's name an array of shape (questions, length).
    """
    ids = [(vocabulary.ids(title), vocabulary.ids(body)) for title, body in questions]
    return place(ids, inputs)


def place(
    questions: Sequence[tuple[Ids, Ids]], inputs: Sequence[SequenceInput]
) -> dict[str, npt.NDArray[np.int32]]:
    """Cut or pad the ids of questions' known words to the lengths of a network's inputs.

    Args:
        questions: of each, the ids of the title's known words and of the body's.
        inputs: the network's.

    Returns:
        For each input's name an array of shape (questions, length).
    """
    arrays = {spec.name: np.zeros((len(questions), spec.length), np.int32) for spec in inputs}
    for row, (title, body) in enumerate(questions):
        sources = {"title": [title], "body": [body], "text": [title, body]}
        for spec in inputs:
            _place_row(arrays[spec.name][row], sources[spec.source], spec)
    return arrays


def _place_row(row: npt.NDArray[np.int32], parts: list[Ids], spec: SequenceInput) -> None:
    ids = np.concatenate([np.asarray(part, np.int32) for part in parts])
    kept = ids[: spec.length] if spec.keep == "first" else ids[-spec.length :]
    start = len(row) - len(kept) if spec.pad == "front" else 0
    row[start : start + len(kept)] = kept
