"""A fitting under way: how far it is, how long the rest will take, whether somebody stopped it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from trainer.progress import Epoch, ProgressReporter, TimeEstimate
from trainer.systems.branched.encoded_dataset import EncodedDataset
from trainer.systems.branched.hyperparameters import Hyperparameters
from trainer.systems.branched.parts.checkpoints import Checkpoints
from trainer.systems.networks.signals import GivenUp

# What a question costs each time, relative to each other; measured in microseconds of one core.
TABLES_COST: Final = 1000
READER_COST: Final = 85
TERMS_COST: Final = 35
SENTENCE_COST: Final = 65  # of the terms, beside that, for a vector of 384 dimensions
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
        targets: what readers learn, (questions, tags): the tags, or those mixed
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

    @property
    def folds(self) -> int:
        """Folds of a site that is cross-validated; 0 where the validation part tells enough."""
        fit = self.hyperparameters.fit
        small = len(self.encoded) < fit.fold_questions
        return fit.folds if small and len(self.encoded.labelled) >= fit.folds else 0

    def without(self, fold: EncodedDataset) -> "FittingRun":
        """The part of this run that is fitted without a fold, which is its validation part."""
        part = FittingRun(
            fold, self.hyperparameters, self.seed, self.reporter, self.most_epochs, self.checkpoints
        )
        part.estimate, part.epochs = self.estimate, self.epochs
        return part

    def _fold_sizes(self) -> list[int]:
        labelled = len(self.encoded.labelled)
        return [len(range(fold, labelled, self.folds)) for fold in range(self.folds)]

    def _all_work(self) -> int:
        """What tables, teacher and all passes over the branches cost together."""
        learned, everything = len(self.encoded.train), len(self.encoded)
        once = self._pass_work(learned, everything)
        if self.folds:
            others = [everything - size for size in self._fold_sizes()]
            return once + sum(self._pass_work(count, count) for count in others)
        first = self._pass_work(learned, learned) - self._preparation_work(learned, learned)
        convolutions = CONVOLUTIONS_COST * (learned * self.conv_epochs() + everything)
        return once + first + convolutions + self.told_work

    def _pass_work(self, learned: int, everything: int) -> int:
        """What readers and terms cost that learn everything, and what comes before them."""
        readers = self._reader_work(learned) * self.hyperparameters.graph.readers
        terms = self.terms_cost * self.hyperparameters.fit.term_epochs
        return (readers + terms) * everything + self._preparation_work(learned, everything)

    def _preparation_work(self, learned: int, everything: int) -> int:
        """What tables and a teacher cost."""
        teachers = max(self.teacher_folds - 1, 0)  # that learn each question
        return TABLES_COST * everything + self._reader_work(learned) * learned * teachers

    def _reader_work(self, learned: int) -> int:
        """What a reader costs of each question, whose epochs are by how many are learned."""
        return READER_COST * self._reader_epochs(learned)

    @property
    def teacher_folds(self) -> int:
        """Folds of the training part for the teacher.

        0 where there is none, and where the network reads the sentence vectors itself.
        """
        taught = self.encoded.vectors is not None and not self.encoded.reads_sentences
        return self.hyperparameters.fit.teacher_folds if taught else 0

    @property
    def tells_sentences(self) -> bool:
        """Whether readers read what terms tell of a teacher's sentence vectors.

        A site that is cross-validated has too few questions to learn that from.
        """
        return self.teacher_folds > 0 and not self.folds

    @property
    def told_work(self) -> int:
        """What learning costs what terms tell of sentence vectors."""
        if not self.tells_sentences:
            return 0
        epochs = self.teacher_folds * self.hyperparameters.fit.term_epochs  # of each question
        return TERMS_COST * epochs * len(self.encoded.train)

    @property
    def terms_cost(self) -> int:
        """Of a question in an epoch of the terms, and of its sentence vector where one is read."""
        return TERMS_COST + SENTENCE_COST * self.encoded.reads_sentences

    def conv_epochs(self) -> int:
        """Epochs of the convolutions in the first pass."""
        fit = self.hyperparameters.fit
        learned = len(self.encoded.train)
        return self.at_most(_enough(learned, fit.conv_epochs, fit.conv_steps, fit.conv_batch))

    def reader_epochs(self) -> int:
        """Epochs of each reader, in all passes over these questions."""
        return self._reader_epochs(len(self.encoded.train))

    def _reader_epochs(self, learned: int) -> int:
        fit = self.hyperparameters.fit
        return self.at_most(_enough(learned, fit.reader_epochs, fit.reader_steps, fit.reader_batch))

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

    def stop(self, interrupt: KeyboardInterrupt | None = None) -> None:
        """Somebody pressed Ctrl-C: what is left is made short, and a second one gives up.

        Args:
            interrupt: what it raised, where that has not been dealt with.

        Raises:
            KeyboardInterrupt: it was the second.
        """
        if self.stopped or isinstance(interrupt, GivenUp):
            raise KeyboardInterrupt
        self.stopped = True
        self.reporter.note("Stopped; going on with the best so far.")


def _enough(learned: int, epochs: int, steps: int, batch: int) -> int:
    """So many epochs of what is learned, or as many more as it takes for so many steps."""
    return max(epochs, -(-steps // -(-learned // batch)))
