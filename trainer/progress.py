"""What a person sees of a training run: a bar on a terminal, lines in a log."""

import logging
import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

log = logging.getLogger(__name__)

# Over how many of the last seconds speed is measured: the first for the best guess. What differs
# between them, and from the whole, says how sure it is.
SPANS: Final = (120.0, 30.0)
LEAST_SECONDS: Final = 3.0  # by which anything can be said
UNSEEN: Final = 0.5  # costs may be wrong by so much for work of which nothing is done yet


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """How long something will still take, in seconds by the clock on the wall.

        print(TimeLeft(330, 220, 490))  # about 5:30 left (3:40 to 8:10)

    Attributes:
        likely: the best guess.
        low: it will hardly be less.
        high: it will hardly be more.
    """

    likely: float
    low: float
    high: float

    def after(self, seconds: float) -> "TimeLeft":
        """Return what is left when so many seconds have passed."""
        return TimeLeft(*(max(one - seconds, 0.0) for one in (self.likely, self.low, self.high)))

    def __str__(self) -> str:
        ends = _clock(self.low), _clock(self.high)
        told = f"about {_clock(self.likely)} left"
        return told if ends[0] == ends[1] else f"{told} ({ends[0]} to {ends[1]})"


@dataclass
class TimeEstimate:
    """Work in units of what it costs, and the time that the rest will take on this machine.

    Attributes:
        of: all of it.
        done: so far.
        now: seconds by a clock on the wall.
    """

    of: int
    done: int = 0
    now: Callable[[], float] = time.monotonic
    _skipped: int = field(init=False, default=0)
    _began: tuple[float, int] = field(init=False)
    _seen: deque[tuple[float, int]] = field(init=False, default_factory=deque)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Measure the speed from now on: what comes is another kind of work."""
        self._seen.clear()
        self._began = self.now(), self.done - self._skipped

    def advance(self, work: int) -> None:
        """So much more is done; never more than there is."""
        self.done = min(self.done + work, self.of)
        now, worked = self.now(), self.done - self._skipped
        if not self._seen or now - self._seen[-1][0] >= 1:
            self._seen.append((now, worked))
        while now - self._seen[0][0] > max(SPANS):
            self._seen.popleft()

    def skip(self, work: int) -> None:
        """So much was done before, and took no time now."""
        before = self.done
        self.done = min(self.done + work, self.of)
        self._skipped += self.done - before

    def left(self) -> TimeLeft | None:
        """How long the rest will take, by what the last minutes did; None where that is too little.

        The less is done, the wider: later work may be slower here than the first lets expect.
        """
        rest = self.of - self.done
        if not rest:
            return TimeLeft(0.0, 0.0, 0.0)
        now, worked = self.now(), self.done - self._skipped
        speeds = [self._speed_since(now - span, now, worked) for span in SPANS]
        speeds.append(self._speed_since(self._began[0], now, worked))
        known = [speed for speed in speeds if speed is not None]
        if not known:
            return None
        unsure = 1 + UNSEEN * rest / self.of
        return TimeLeft(rest / known[0], rest / max(known) / unsure, rest / min(known) * unsure)

    def _speed_since(self, start: float, now: float, worked: int) -> float | None:
        """Work a second since then; None where hardly any time has passed, or nothing was done."""
        before = next((one for one in self._seen if one[0] >= start), (now, worked))
        if start <= self._began[0]:
            before = self._began
        seconds, done = now - before[0], worked - before[1]
        return done / seconds if seconds >= LEAST_SECONDS and done > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """How one pass over the training part went.

    Attributes:
        number: from 1.
        of: how many there are at most.
        loss: what was minimised, on the training part.
        val_loss: the same on the validation part; its lowest decides which epoch is kept. Not a
            number where the validation part is learned from too.
        val_precision_at_1: on the validation part, or not a number.
        seconds: that it took.
        part: which part of the network was fitted, where that is not the whole.
        left: seconds that all of the training will still take; None where only epochs follow, or
            nothing is known of it.
        left_low: hardly fewer than so many.
        left_high: hardly more.
    """

    number: int
    of: int
    loss: float
    val_loss: float
    val_precision_at_1: float
    seconds: float
    part: str = ""
    left: float | None = None
    left_low: float | None = None
    left_high: float | None = None

    def __str__(self) -> str:
        figures = [f"epoch {self.number:2}/{self.of}", f"loss {self.loss:.4f}"]
        if self.part:
            figures.insert(0, self.part)
        if not math.isnan(self.val_loss):
            figures.append(f"val. loss {self.val_loss:.4f}")
            figures.append(f"val. P@1 {self.val_precision_at_1:.3f}")
        # Numbers stand below each other on a terminal; a log puts single spaces for those here.
        return f"{'  '.join(figures)}  {self.seconds:.1f} s, {self._tell_left()}"

    @property
    def time_left(self) -> TimeLeft | None:
        """How long all of the training will still take, where that is known."""
        if self.left is None:
            return None
        low = self.left if self.left_low is None else self.left_low
        return TimeLeft(self.left, low, self.left if self.left_high is None else self.left_high)

    def _tell_left(self) -> str:
        if self.time_left is not None:
            return str(self.time_left)
        if self.part:
            return "time left not known yet"
        return f"at most {_clock((self.of - self.number) * self.seconds)} left"


def _clock(seconds: float) -> str:
    return f"{round(seconds) // 60}:{round(seconds) % 60:02}"


class ProgressReporter:
    """Is told how training goes; this one keeps it to itself."""

    def stage(self, description: str) -> None:
        """What is done from now on."""

    def batch(self, done: int, of: int) -> None:
        """So much of the work of all epochs is done, in batches; `of` is all there is at most."""

    def time_left(self, left: TimeLeft | None) -> None:
        """How long the rest will take, where whoever does it knows; told before a batch."""

    def epoch(self, epoch: Epoch) -> None:
        """An epoch has ended."""

    def note(self, message: str) -> None:
        """Something that a person should know."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Nothing more will come."""


class LogReporter(ProgressReporter):
    """A line for each stage and epoch."""

    def stage(self, description: str) -> None:
        """Log it."""
        log.info("%s", description)

    def epoch(self, epoch: Epoch) -> None:
        """Log it."""
        log.info("%s", epoch)

    def note(self, message: str) -> None:
        """Log it."""
        log.warning("%s", message)


class TerminalReporter(ProgressReporter):
    """A bar with the time that is left, and a line for each epoch above it."""

    def __init__(self, console: Console) -> None:
        self._last: Epoch | None = None
        self._left: TimeLeft | None = None
        self._ended_at = 0.0  # the last epoch, by time.monotonic()
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            console=console,
            transient=True,
        )
        self._task = self._bar.add_task("", total=None, left="")

    def stage(self, description: str) -> None:
        """Name it on the bar, which starts again."""
        self._left = None
        self._bar.reset(self._task, description=description, total=None, left="")

    def time_left(self, left: TimeLeft | None) -> None:
        """Show it from the next batch on."""
        self._left = left

    def batch(self, done: int, of: int) -> None:
        """Move the bar."""
        self._bar.update(self._task, completed=done, total=of, left=self._tell_left(done, of))

    def _tell_left(self, done: int, of: int) -> str:
        if self._left is not None:
            return str(self._left)
        if self._last is None:  # the first epoch's start says little: it compiles
            return ""
        if self._last.time_left is not None:
            return str(self._last.time_left.after(time.monotonic() - self._ended_at))
        return f"at most {_clock((of - done) / of * self._last.of * self._last.seconds)} left"

    def epoch(self, epoch: Epoch) -> None:
        """Print its line above the bar."""
        self._last, self._ended_at = epoch, time.monotonic()
        self._bar.console.print(str(epoch), highlight=False)

    def note(self, message: str) -> None:
        """Print it above the bar."""
        self._bar.console.print(message, highlight=False)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Take the bar away."""
        self._bar.stop()


def make_reporter(console: Console) -> ProgressReporter:
    """The reporter that fits where the output goes."""
    return TerminalReporter(console) if console.is_terminal else LogReporter()
