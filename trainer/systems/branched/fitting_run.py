"""A fitting under way: how far it is, how long the rest will take, whether somebody stopped it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from trainer.progress import Epoch, ProgressReporter, TimeEstimate
from trainer.systems.branched.encoded_dataset import EncodedDataset
from trainer.systems.branched.hyperparameters import Hyperparameters
from trainer.systems.branched.parts.checkpoints import Checkpoints

# What a question costs each time, relative to each other; measured in microseconds of one core.
TABLES_COST: Final = 1000
READER_COST: Final = 85
TERMS_COST: Final = 35
CONVOLUTIONS_COST: Final = 900


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
        self.estimate = TimeEstimate(self._all_work())
        self.targets = self.encoded.tags

    def _all_work(self) -> int:
        """What tables, teacher and both passes over the branches cost together."""
        learned, everything = len(self.encoded.train), len(self.encoded)
        reader = READER_COST * self.reader_epochs()
        readers = reader * self.hyperparameters.graph.readers
        readers_and_terms = readers + TERMS_COST * self.hyperparameters.fit.term_epochs
        return (
            TABLES_COST * everything
            + reader * learned * max(self.teacher_folds - 1, 0)
            + readers_and_terms * (learned + everything)
            + CONVOLUTIONS_COST * (learned * self.conv_epochs() + everything)
        )

    @property
    def teacher_folds(self) -> int:
        """Folds of the training part for the teacher.

        0 where there is none, and where the network reads the sentence vectors itself.
        """
        taught = self.encoded.vectors is not None and not self.encoded.reads_sentences
        return self.hyperparameters.fit.teacher_folds if taught else 0

    def conv_epochs(self) -> int:
        """Epochs of the convolutions in the first pass."""
        fit = self.hyperparameters.fit
        return self.at_most(self._enough(fit.conv_epochs, fit.conv_steps, fit.conv_batch))

    def reader_epochs(self) -> int:
        """Epochs of each reader, in both passes."""
        fit = self.hyperparameters.fit
        return self.at_most(self._enough(fit.reader_epochs, fit.reader_steps, fit.reader_batch))

    def _enough(self, epochs: int, steps: int, batch: int) -> int:
        """So many epochs of the training part, or as many more as it takes for so many steps."""
        return max(epochs, -(-steps // -(-len(self.encoded.train) // batch)))

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
        """Keep it, and report it."""
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
