"""How much of the training is done, and how long the rest will take."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

# What a question costs each time, relative to each other; measured in microseconds of one core.
TABLES: Final = 1000
READER: Final = 85
TERMS: Final = 35
CONVOLUTIONS: Final = 1400


@dataclass
class TimeEstimate:
    """Work in units of the costs above.

    Attributes:
        of: all of it.
        done: so far.
    """

    of: int
    done: int = 0
    now: Callable[[], float] = time.monotonic
    _began: float = field(init=False)
    _skipped: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self._began = self.now()

    def advance(self, work: int) -> None:
        """So much more is done; never more than there is."""
        self.done = min(self.done + work, self.of)

    def skip(self, work: int) -> None:
        """So much was done before, and took no time now."""
        before = self.done
        self.advance(work)
        self._skipped += self.done - before

    def left(self) -> float:
        """Seconds, at the speed so far."""
        worked = max(self.done - self._skipped, 1)
        return (self.of - self.done) / worked * (self.now() - self._began)
