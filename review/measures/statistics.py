"""Shares and their intervals, the difference of two, and how two raters agree (Cohen's kappa)."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final

Z_95: Final = 1.959963984540054  # of the normal distribution, for a two-sided 95% interval


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    hits: int
    total: int

    @property
    def value(self) -> float:
        """The share; 0 of none."""
        return self.hits / self.total if self.total else 0.0

    def interval(self) -> tuple[float, float]:
        """The score interval at 95% (Wilson 1927, JASA 22:209-212); all of [0, 1] for none."""
        n = self.total
        if n == 0:
            return 0.0, 1.0
        p, z2 = self.value, Z_95 * Z_95
        centre = (p + z2 / (2 * n)) / (1 + z2 / n)
        half = Z_95 / (1 + z2 / n) * sqrt(p * (1 - p) / n + z2 / (4 * n * n))
        return max(0.0, centre - half), min(1.0, centre + half)


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference of two shares and its 95% interval."""

    value: float
    low: float
    high: float


def difference(first: Share, second: Share) -> Difference:
    """The difference of two independent shares, with the hybrid score interval.

    Newcombe (1998), "Interval estimation for the difference between independent proportions:
    comparison of eleven methods", Statistics in Medicine 17:873-890, method 10.
    """
    low_1, high_1 = first.interval()
    low_2, high_2 = second.interval()
    value = first.value - second.value
    low = value - sqrt((first.value - low_1) ** 2 + (high_2 - second.value) ** 2)
    high = value + sqrt((high_1 - first.value) ** 2 + (second.value - low_2) ** 2)
    return Difference(value, low, high)


def cohen_kappa(pairs: Sequence[tuple[bool, bool]]) -> float | None:
    """Agreement of two raters beyond chance; None where both always say the same one thing.

    Cohen (1960), "A coefficient of agreement for nominal scales", Educational and Psychological
    Measurement 20:37-46.

    Args:
        pairs: of each item, whether the first and the second rater said yes.
    """
    n = len(pairs)
    if n == 0:
        return None
    observed = sum(a == b for a, b in pairs) / n
    yes_1, yes_2 = sum(a for a, _ in pairs) / n, sum(b for _, b in pairs) / n
    expected = yes_1 * yes_2 + (1 - yes_1) * (1 - yes_2)
    return None if expected == 1 else (observed - expected) / (1 - expected)
