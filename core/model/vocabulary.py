"""The words that a network knows, and their numbers."""

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from core.errors import BundleCorrupt
from core.refused_values import told
from core.untrusted import JsonTooLarge, check_json

MOST_VALUES: Final = 1_000_000  # of its JSON; one of 40,000 words and as many pairs has 320,000
PADDING = 0  # the id that stands for no word; the vocabulary's first word has 1


class Vocabulary:
    """The words that a network knows, numbered from 1 by frequency, and pairs of them.

    Ids are: 0 padding, 1 to n the words, n + 1 any other word, n + 2 and on the pairs.

    Attributes:
        pairs: ids of two words that stand side by side, shape (pairs, 2).
        rarity: idf of each word and then of each pair; empty where no input needs it.
        unknown: the id of words that are not known.
        size: rows of a table by id.
        idf: the rarity by id, shape (size,).
    """

    def __init__(
        self,
        known: Iterable[str],
        pairs: Iterable[tuple[int, int]] | npt.NDArray[np.int32] = (),
        idf: Iterable[float] | npt.NDArray[np.float64] = (),
    ) -> None:
        """Number words and pairs.

        Args:
            known: the words, each once.
            pairs: ids of two words that stand side by side.
            idf: how rare each word and then each pair is; none where no input needs it.
        """
        self._ids = {word: number for number, word in enumerate(known, start=PADDING + 1)}
        self.pairs = np.array([*pairs], np.int32).reshape(-1, 2)
        self.rarity = np.array([*idf], np.float64)
        self.unknown = len(self._ids) + 1
        self.size = self.unknown + 1 + len(self.pairs)
        self.idf = np.zeros(self.size, np.float32)
        if len(self.rarity):
            self.idf[1 : self.unknown] = self.rarity[: len(self)]
            self.idf[self.unknown + 1 :] = self.rarity[len(self) :]
        keys = self._keys(self.pairs[:, 0], self.pairs[:, 1])
        self._pair_order = np.argsort(keys)
        self._pair_keys = keys[self._pair_order]

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def words(self) -> tuple[str, ...]:
        """The words, in the order of their ids."""
        return tuple(self._ids)

    def numbers(self, text: Iterable[str]) -> list[int]:
        """Return an id for each word of a text, PADDING for an unknown one."""
        get = self._ids.get
        return [get(word, PADDING) for word in text]

    def find_pairs(
        self, numbers: npt.NDArray[np.int32], rows: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
        """Find the known pairs of neighbours in texts that lie behind each other.

        Args:
            numbers: the numbers() of all their words, shape (words,).
            rows: which text each belongs to, shape (words,).

        Returns:
            The ids of the pairs, and which text each stands in.
        """
        if len(self._pair_keys) == 0:
            return np.zeros(0, np.int32), np.zeros(0, np.int64)
        known = numbers != PADDING
        beside = np.flatnonzero(known[:-1] & known[1:] & (rows[:-1] == rows[1:]))
        keys = self._keys(numbers[beside], numbers[beside + 1])
        places = np.searchsorted(self._pair_keys, keys).clip(max=len(self._pair_keys) - 1)
        same = self._pair_keys[places] == keys
        found = self._pair_order[places[same]] + self.unknown + 1
        return found.astype(np.int32), rows[beside[same]]

    def _keys(
        self, left: npt.NDArray[np.int32], right: npt.NDArray[np.int32]
    ) -> npt.NDArray[np.int64]:
        return left.astype(np.int64) * self.unknown + right


class _VocabularyFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    words: tuple[str, ...]
    pairs: tuple[tuple[int, int], ...]
    idf: tuple[float, ...]

    @model_validator(mode="after")
    def _check(self) -> "_VocabularyFile":
        if len(set(self.words)) != len(self.words):
            raise ValueError("a word stands twice")
        if self.idf and len(self.idf) != len(self.words) + len(self.pairs):
            raise ValueError("not one idf for each word and pair")
        if any(not 1 <= word <= len(self.words) for pair in self.pairs for word in pair):
            raise ValueError("a pair of words that are not in it")
        return self


def dump_vocabulary(vocabulary: Vocabulary) -> bytes:
    """Return what stands in a bundle's vocabulary.json."""
    file = _VocabularyFile.model_construct(
        words=vocabulary.words,
        pairs=tuple(map(tuple, vocabulary.pairs.tolist())),
        idf=tuple(vocabulary.rarity.tolist()),
    )
    return file.model_dump_json().encode()


def parse_vocabulary(data: bytes) -> Vocabulary:
    """Read a bundle's vocabulary.json.

    Raises:
        BundleCorrupt: it is not as it should be.
    """
    try:
        check_json(data, values=MOST_VALUES)
        file = _VocabularyFile.model_validate_json(data)
    except JsonTooLarge as error:
        raise BundleCorrupt(f"The model bundle's vocabulary.json holds {error}.") from None
    except ValidationError as error:
        raise BundleCorrupt(f"The model bundle's vocabulary.json: {told(error)}.") from None
    return Vocabulary(file.words, file.pairs, file.idf)
