"""Random numbers that can be repeated: each is a function of a seed and of what it is drawn for.

A draw does not depend on the draws before it, so a fault more or a question less changes nothing
else, and two threads cannot change each other's numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")

_MANTISSA_BITS = 53  # of a float: more bits could round up to 1.0


@dataclass(frozen=True)
class KeyedRng:
    """Random numbers by key, fixed by a seed.

    rng = KeyedRng(seed=7)
    rng.chance(0.05, "reset", 12)      # always the same answer for request 12
    """

    seed: int = 0

    def uniform(self, *key: object) -> float:
        """A number in [0, 1), uniform over keys and always the same for one key."""
        digest = blake2b(repr((self.seed, *key)).encode(), digest_size=8).digest()
        return (int.from_bytes(digest) >> (64 - _MANTISSA_BITS)) / float(1 << _MANTISSA_BITS)

    def chance(self, share: float, *key: object) -> bool:
        """True for the given share of keys."""
        return share > 0 and self.uniform(*key) < share

    def between(self, bounds: tuple[float, float], *key: object) -> float:
        """A number between the two bounds."""
        low, high = bounds
        return low + (high - low) * self.uniform(*key)

    def whole(self, bounds: tuple[int, int], *key: object) -> int:
        """A whole number from the first bound up to and including the second."""
        low, high = bounds
        return low + int((high - low + 1) * self.uniform(*key))

    def pick(self, options: Sequence[T], *key: object) -> T:
        """One of the options."""
        return options[int(len(options) * self.uniform(*key))]
