"""A fitting under way: how far it is, how long the rest will take, whether somebody stopped it."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from trainer.progress import Epoch, ProgressReporter, TimeLeft
from trainer.systems.branched.checkpoints import Checkpoints
from trainer.systems.branched.encoded_dataset import EncodedDataset
from trainer.systems.branched.hyperparameters import Hyperparameters

# What a question costs each time, relative to each other; measured in microseconds of one core.
TABLES: Final = 1000
READER: Final = 85
TERMS: Final = 35
CONVOLUTIONS: Final = 1400


# Over how many of the last seconds speed is measured: the first for the best guess. What differs
# between them, and from the whole, says how sure it is.
SPANS: Final = (120.0, 30.0)
LEAST_SECONDS: Final = 3.0  # by which anything can be said
UNSEEN: Final = 0.5  # the costs above may be wrong by so much for work of which nothing is done yet


@dataclass
class TimeEstimate:
    """Work in units of the costs above, and the time that the rest will take on this machine.

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

        The less is done, the wider: convolutions may be slower here than readers let expect.
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


@dataclass
class FittingRun:
    """One fitting under way.

    Attributes:
        encoded: what is learned from.
        hyperparameters: all of them.
        seed: of everything that is drawn.
        reporter: shows the progress.
        most_epochs: of each part; None leaves them to the hyperparameters.
        checkpoints: what is finished.
        estimate: how much is done.
        targets: what readers and convolutions learn, (questions, tags): the tags, or those mixed
            with what a teacher expects.
        epochs: of all parts, as they ended.
        stopped: whether somebody has pressed Ctrl-C.
    """

    encoded: EncodedDataset
    hyperparameters: Hyperparameters
    seed: int
    reporter: ProgressReporter
    most_epochs: int | None
    checkpoints: Checkpoints = field(default_factory=lambda: Checkpoints(None))
    estimate: TimeEstimate = field(init=False)
    targets: Any = field(init=False)
    epochs: list[Epoch] = field(default_factory=list)
    stopped: bool = False

    def __post_init__(self) -> None:
        learned, everything = len(self.encoded.train), len(self.encoded)
        fit, conv = self.hyperparameters.fit, self.conv_epochs()
        readers = self.hyperparameters.graph.readers * self.at_most(fit.reader_epochs)
        twice = READER * readers + TERMS * fit.term_epochs
        work = TABLES * everything + CONVOLUTIONS * (learned * conv + everything)
        work += READER * self.at_most(fit.reader_epochs) * learned * max(self.teacher_folds - 1, 0)
        self.estimate = TimeEstimate(work + twice * (learned + everything))
        self.targets = self.encoded.tags

    @property
    def teacher_folds(self) -> int:
        """Of the teacher; 0 where there is none."""
        return 0 if self.encoded.vectors is None else self.hyperparameters.fit.teacher_folds

    def conv_epochs(self) -> int:
        """Epochs of the convolutions."""
        fit = self.hyperparameters.fit
        steps = -(-len(self.encoded.train) // fit.conv_batch)
        return self.at_most(max(fit.conv_epochs, -(-fit.conv_steps // steps)))

    def at_most(self, epochs: int) -> int:
        """So many epochs, or fewer where somebody set a limit."""
        return epochs if self.most_epochs is None else min(epochs, self.most_epochs)

    def advance(self, work: int) -> None:
        """So much more is done."""
        self.estimate.advance(work)
        self.reporter.time_left(self.estimate.left())
        self.reporter.batch(self.estimate.done, self.estimate.of)

    def resumed(self, epochs: Iterable[Epoch], work: int) -> None:
        """Epochs and work of an unfinished run, which this one resumes."""
        self.epochs.extend(epochs)
        self.estimate.skip(work)
        self.reporter.batch(self.estimate.done, self.estimate.of)

    def epoch_ended(self, epoch: Epoch) -> None:
        """Keep and tell it."""
        self.epochs.append(epoch)
        self.reporter.epoch(epoch)

    def stop(self) -> None:
        """Somebody pressed Ctrl-C: what is left is made short, and a second one gives up.

        Raises:
            KeyboardInterrupt: it was the second.
        """
        if self.stopped:
            raise KeyboardInterrupt
        self.stopped = True
        self.reporter.note("Stopped; going on with the best so far.")
