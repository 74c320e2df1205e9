"""What a network is given of a question's sentence vector, and what a question carries for it."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

TokenIds = npt.NDArray[np.int32]
Vectors = npt.NDArray[np.float16]


class SentenceInput(BaseModel):
    """One input of a network: the unit vector that a sentence encoder makes of a question.

    Attributes:
        name: the network's own name for it.
        length: dimensions of the vector.
        encoder: SHA-256 of the encoder, and of what it reads of a question.
        called: the encoder's folder or package where the network was made; for people.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["sentence"] = "sentence"
    name: str = Field(max_length=100)
    length: int = Field(ge=2, le=100_000)
    encoder: str = Field(pattern="^[0-9a-f]{64}$")
    called: str = Field(max_length=200)

    @property
    def names(self) -> tuple[str, ...]:
        """What the network calls its arrays."""
        return (self.name,)

    kinds: ClassVar = ("float32",)


class SentenceEncoder(Protocol):
    """Makes vectors of questions."""

    def tokens(self, title: str, body: str) -> TokenIds:
        """Return the ids of a question's first tokens: title (plain text), then body (HTML)."""

    def encode(self, texts: Sequence[TokenIds]) -> Vectors:
        """Return a unit vector for each text, (texts, size)."""


class ReadQuestion(NamedTuple):
    """The words of a question's title and of its body, and the ids that an encoder reads of it."""

    title: list[str]
    body: list[str]
    tokens: TokenIds


def sentence_vectors(
    encoder: SentenceEncoder | None, questions: Sequence[Any], size: int
) -> npt.NDArray[np.float32]:
    """Return the vectors of questions: (questions, size).

    Those that carry no tokens, as a bundle's sample, get one whose numbers are all equal: what an
    encoder makes of a text differs a little between processors.
    """
    found = np.full((len(questions), size), size**-0.5, np.float32)
    places: dict[int, list[int]] = {}
    texts: dict[int, TokenIds] = {}
    for place, question in enumerate(questions):
        if isinstance(question, ReadQuestion):
            own = id(question.tokens)  # one question may come many times, some words left out
            places.setdefault(own, []).append(place)
            texts[own] = question.tokens
    if texts and encoder is not None:
        for own, vector in zip(places, encoder.encode(list(texts.values())), strict=True):
            found[places[own]] = vector
    return found
